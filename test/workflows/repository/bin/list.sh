# Lists what lies below a directory, by name: path, type, mode, owner, and a file's size or a link's text.
find "$1" | LC_ALL=C sort | while IFS= read -r path; do
  if [ -L "$path" ]; then
    echo "$(stat -c '%n %F %u %g' "$path") $(readlink "$path")"
  elif [ -f "$path" ]; then
    stat -c '%n %F %a %u %g %s' "$path"
  else
    stat -c '%n %F %a %u %g' "$path"
  fi
done
