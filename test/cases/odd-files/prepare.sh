echo committed >'committed\name'
mkdir 'committed\directory'
echo below >'committed\directory/file'
