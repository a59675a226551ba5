# Says something from the action's own directory.
echo "$1 uses a file of the action"
