#!/bin/sh
for name in OLD LONG DOUBLE SINGLE BACKSLASH QUOTE SAME FALLBACK NO_FALLBACK IF_SET JOINED EQUALS CLEARED KEPT; do
  eval "echo \"$name <\${$name-not set}>\""
done
echo "words: $#"
sleep 3
echo "alive after 3 s"
