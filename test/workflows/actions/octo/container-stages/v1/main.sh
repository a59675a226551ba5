#!/bin/sh
echo "main: [$1] state [$STATE_begun]"
echo "main=done with $1" >>"$GITHUB_OUTPUT"
echo "done=by main" >>"$GITHUB_STATE"
