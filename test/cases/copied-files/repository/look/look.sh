#!/bin/sh
tell() {
  if [ -L "$1" ]; then echo "$1 leads to $(readlink "$1")"; else echo "$1 holds $(cat "$1")"; fi
}
tell /from-context
tell /from-stage
tell /garden/bed/flower
tell /garden/nickname
for link in /srv/absolute /srv/relative; do echo "$link leads to $(readlink $link)"; done
(cd /srv/data && find . -type f | sort | sed 's/^/below data: /')
stat -c '%a %u:%g %n' /bench/open /bench/team /bench/key /bench/saw /few/key /few/saw
stat -c 'written %Y %n' /bench/plank /bench/new /plank /old-leaf
stat -c '%h names %n' /bench/saw /bench/same-saw
