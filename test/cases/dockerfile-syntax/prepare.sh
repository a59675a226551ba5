printf '\357\273\277' | cat - windows/Dockerfile | sed 's/$/\r/' >dockerfile
mv dockerfile windows/Dockerfile
echo 'a plain text' | gzip >gzip/dump.gz
