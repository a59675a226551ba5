#!/bin/sh
echo "environment <$LEFT> <$RIGHT> <$SIZE>"
echo "files <$(cat /one)> <$(cat /two)>"
echo "word <$1>"
echo "ship:" $(ls /ship)
