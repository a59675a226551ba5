/* What steps of tests do in the place of the action: ask the hook for a build, and pull an image. */

/** A program that asks with nothing but files: `ask.sh <request or @file>` prints the log and the answer. */
export const ASK = `
id=$(cat /proc/sys/kernel/random/uuid)
echo "$id" >/tmp/last-id
umask 077
case $1 in @*) set -- "$(cat "\${1#@}")" "$2" ;; esac
printf '%s' "$1" >"$KBUILD_BROKER/$id.req.tmp"
[ "$(id -u)" != 0 ] || chown "$(stat -c %u "$KBUILD_BROKER")" "$KBUILD_BROKER/$id.req.tmp"
mv "$KBUILD_BROKER/$id.req.tmp" "$KBUILD_BROKER/$id.req.json"
[ "$2" != --background ] || exit 0
until [ -e "$KBUILD_BROKER/$id.res.json" ]; do
  sleep 0.25
  [ "$2" != --cancel ] || ! grep -q 'going on' "$KBUILD_BROKER/$id.log" 2>/dev/null || : >"$KBUILD_BROKER/$id.cancel"
done
cat "$KBUILD_BROKER/$id.log" 2>/dev/null
cat "$KBUILD_BROKER/$id.res.json"
echo
sed -n 's/.*"digest":"\\([^"]*\\)".*/\\1/p' "$KBUILD_BROKER/$id.res.json" >/tmp/digest
`

/** What clients that pull say they take. */
export const MANIFESTS = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json'
].join(', ')

/** A program that pulls an image as a node does: `pull.cjs <address> <repository> <digest>` checks each part by its digest. */
export const PULL = `
const { createHash } = require('node:crypto')
const [, , address, repository, digest] = process.argv
const fetched = async (kind, digest) => {
  const headers = { accept: '${MANIFESTS}' }
  const answer = await fetch(address + '/v2/' + repository + '/' + kind + '/' + digest, { headers })
  const bytes = Buffer.from(await answer.arrayBuffer())
  const found = 'sha256:' + createHash('sha256').update(bytes).digest('hex')
  if (found !== digest) throw new Error(kind + ' ' + digest + ': status ' + answer.status + ', ' + found)
  return bytes
}
void (async () => {
  const { config, layers } = JSON.parse(await fetched('manifests', digest))
  for (const part of [config, ...layers]) await fetched('blobs', part.digest)
  console.log('whole: ' + layers.length + ' layers')
})()
`
