#!/bin/sh
cat 'committed\name' 'committed\directory/file' 'folder\file.txt' 'a\tb' 'two
lines' ./-dash "it's" private/key
