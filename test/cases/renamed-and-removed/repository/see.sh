#!/bin/sh
for name in after before build committed loose two waste; do
  test ! -e $name || echo "still $name"
done
echo "and no others"
