# Prints what a URL has, once the server answers; the server may have just begun to start.
for _ in 1 2 3 4 5 6 7 8; do
  if wget -qO- "$1" 2>/dev/null; then exit 0; fi
  sleep 1
done
echo "no answer from $1"
exit 1
