#!/bin/sh
echo it ran
