printf '%s\n' "own <$OWN>" "line <$LINE>" "lines <$LINES>"
