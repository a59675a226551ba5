#!/bin/sh
for word; do echo "word <$word>"; done
echo "a failure in a pipe is $(cat /in-a-pipe), RUN was $(cat /by-run)"
