echo "script of the context"
