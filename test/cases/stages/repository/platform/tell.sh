#!/bin/sh
case $(uname -m) in
  x86_64) architecture=amd64 ;;
  aarch64) architecture=arm64 ;;
esac
sed "s/$architecture/this-machine/g" /values
