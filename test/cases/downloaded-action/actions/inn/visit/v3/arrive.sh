#!/bin/sh
echo "arrives: $INPUT_GUEST, room <$STATE_room>" >>book
echo "room=7" >>"$GITHUB_STATE"
