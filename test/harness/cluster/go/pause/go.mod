module kaniko-hooks.test/pause

go 1.25.0
