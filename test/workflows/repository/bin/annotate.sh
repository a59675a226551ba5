# Annotations for files of the repository, by their paths in this container.
echo "::error file=$PWD/README.md,line=1::absolute"
echo "::warning file=$GITHUB_WORKSPACE/bin/list.sh,line=2::by the workspace"
echo "::notice file=README.md::relative"
echo "::error file=/etc/passwd::of the image"
echo "::group::a group"
echo "text"
echo "::endgroup::"
