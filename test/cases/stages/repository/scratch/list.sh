cd /
for name in * only/* borrowed/*; do
  # What the runtime puts into every container, and the runner's own directory.
  case $name in dev | etc | proc | sys | run | var | github | product_*) ;; *) echo "has $name" ;; esac
done
