/**
 * The program of a push container. Its text is constant; what differs comes as arguments: the layout, the reference, and
 * further flags of crane.
 *
 * crane itself tries each request up to nine times within some 16 s. That is not enough for a registry that asks for a
 * minute's pause (429 with Retry-After), and too much for one that refuses for good; so the whole push is repeated, but
 * only after faults that pass. Blobs that arrived are not sent again.
 *
 * A connector whose approval was refused leaves a file in place of a credential (OCI Connector 1.10, "Approval").
 *
 * crane writes the pushed digest to the termination message; after a failure the kubelet puts the log's end there.
 */
const PUSH_SCRIPT = `
said_file=\${TMPDIR:-/tmp}/said
layout=$1
reference=$2
shift 2
refused=\${DOCKER_CONFIG-}/.error.json
if [ -f "$refused" ]; then
  echo "Error: the connector gave no credential: $(head -c 1000 "$refused" | tr '\\n' ' ')"
  exit 1
fi
trap 'kill "$pid" 2>/dev/null; exit 143' TERM
for pause in 5 15 40 0; do
  crane push "$layout" "$reference" --image-refs=/dev/termination-log "$@" >"$said_file" 2>&1 &
  pid=$!
  wait "$pid" && exit 0
  code=$?
  said=$(cat "$said_file")
  case $said in
    *TOOMANYREQUESTS* | *'status code 429'* | *'status code 5'* | *INTERNAL_ERROR* | *UNAVAILABLE* | *': UNKNOWN:'*) ;;
    *EOF* | *'connection re'* | *'broken pipe'* | *timeout* | *'deadline exceeded'* | *'no such host'* | *'server misbehaving'* | *BLOB_UPLOAD*) ;;
    *) break ;;
  esac
  [ "$pause" = 0 ] && break
  printf '%s\\n' "$said" "trying again in $pause s"
  sleep "$pause" &
  pid=$!
  wait "$pid"
done
printf '%s\\n' "$said" | tail -n 20
exit "$code"
`.trim()

/** The argument vector of a push container. */
export function pushCommand(layout: string, reference: string, plainHttp: boolean): string[] {
  return ['sh', '-c', PUSH_SCRIPT, 'push', layout, reference, ...(plainHttp ? ['--insecure'] : [])]
}
