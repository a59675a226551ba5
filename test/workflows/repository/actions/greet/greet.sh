#!/bin/sh
# Greets, leaves a file and an output, and ends with the exit code that is asked for.
echo "Hello, $1! (input [$INPUT_WHO], $# arguments, in $PWD)"
echo "said=Hello, $1!" >>"$GITHUB_OUTPUT"
echo "Hello, $1!" >greeting
exit "$2"
