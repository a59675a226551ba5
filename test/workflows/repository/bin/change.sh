# Changes a tree of files in every way that a directory listing shows.
cd "$1" || exit 1
echo "by the container" >>changed
rm removed
mv renamed new
mv deep moved
chmod 600 mode
mkdir empty
ln -sf new link
echo x >"with space"
