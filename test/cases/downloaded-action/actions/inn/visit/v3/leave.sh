#!/bin/sh
echo "leaves: $1, room <$STATE_room>, bill <$STATE_bill>, lines in the book: $(wc -l <book)"
