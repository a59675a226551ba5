sed -i 's/$/\r/' line-ends/start.sh
