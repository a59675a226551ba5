#!/bin/sh
echo "after: [$1] state [$STATE_begun] [$STATE_done]"
