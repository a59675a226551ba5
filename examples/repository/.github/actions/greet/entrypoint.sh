#!/bin/sh
# entrypoint.sh --write FILE, with INPUT_WHO and INPUT_LANGUAGE: prints the greeting, sets the output `message` and writes FILE.
set -eu

greetings=/opt/greet/greetings.json
file=$2

echo "::group::How this image was built"
echo "Running as $(id -u):$(id -g) with $(jq --version)"
stat -c '%a %u:%g %n' /opt/greet/entrypoint.sh "$greetings"
echo "::endgroup::"

greeting=$(jq --raw-output --arg language "$INPUT_LANGUAGE" '.[$language] // empty' "$greetings")
if [ -z "$greeting" ]; then
  echo "::error::There is no greeting in '$INPUT_LANGUAGE', only in $(jq --raw-output 'keys | join(", ")' "$greetings")."
  exit 1
fi

message="$greeting, $INPUT_WHO!"
echo "$message"
jq --null-input --arg message "$message" --arg who "$INPUT_WHO" --arg commit "$GITHUB_SHA" '$ARGS.named' > "$file"
echo "message=$message" >> "$GITHUB_OUTPUT"
