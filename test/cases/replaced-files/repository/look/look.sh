#!/bin/sh
echo "house leads to $(readlink /house) with $(cat /house/bed)"
echo "cellar:" $(ls /cellar)
echo "furniture:" $(ls /furniture)
test -d /shed && echo "shed is a directory"
test -e /usr/bin/shuf || echo "shuf is gone"
stat -c '%h names %n' /twins /twins-too
echo "began in $(cat /where)"
find / -xdev -name stone
echo "numbers: $(ls /number-* | wc -l), the last $(cat /number-30)"
