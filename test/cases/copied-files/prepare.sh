touch -d @1000000000 look/old-leaf
