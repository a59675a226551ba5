#!/bin/sh
echo "before: $# arguments [$1]"
echo "begun=by before" >>"$GITHUB_STATE"
