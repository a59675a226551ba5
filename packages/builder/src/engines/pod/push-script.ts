/**
 * The program of a push container. Its text is constant; what differs comes as arguments: the layout, the reference, a
 * directory with a proxy's files or nothing, and further flags of crane.
 *
 * crane itself tries each request up to nine times within some 16 s. That is not enough for a registry that asks for a
 * minute's pause (429 with Retry-After), and too much for one that refuses for good; so the whole push is repeated, but
 * only after faults that pass. Blobs that arrived are not sent again.
 *
 * A connector whose approval was refused leaves a file in place of a credential (OCI Connector 1.10, "Approval").
 *
 * The address of a connector's forward proxy has a token in it: it is read from a file into the environment of crane's
 * process, for each try anew, and of no other process. It takes the place of the settings' proxy. Without the address for
 * the scheme of the push, Go would go to the registry directly, without the password. Go prefers names in
 * capitals, reads every file of SSL_CERT_DIR and takes what is a certificate there, whatever a version of the connector
 * calls the authority of its proxy. crane itself does not print a proxy's credential, but a proxy may quote it: what looks like
 * one is left out.
 *
 * Further tags of the repository, PUSH_TAGS, come after the push, by one request each; PUSH_PAUSES are the seconds between tries.
 *
 * crane writes the pushed digest to the termination message; after a failure the kubelet puts the log's end there.
 */
const PUSH_SCRIPT = `
said_file=\${TMPDIR:-/tmp}/said
layout=$1
reference=$2
files=$3
shift 3
scheme=https
case " $* " in *' --insecure '*) scheme=http ;; esac
without_secrets() {
  sed -e 's#://[^/@[:space:]]*@#://***@#g' -e 's#eyJ[A-Za-z0-9_-]*[.][A-Za-z0-9_.-]*#***#g' \\
    -e 's#[Bb]asic [A-Za-z0-9+/=]\\{20,\\}#Basic ***#g'
}
proxy_for() {
  cat "$files/$1.proxy" 2>/dev/null | tr -d '\\r\\n\\t '
}
refused=\${files:-\${DOCKER_CONFIG-}}/.error.json
if [ -f "$refused" ]; then
  echo "Error: the connector gave no credential: $(tr '\\n' ' ' <"$refused" | without_secrets | head -c 1000)"
  exit 1
fi
if [ -n "$files" ] && [ -z "$(proxy_for "$scheme")" ]; then
  echo "Error: the connector's volume has no $scheme.proxy: versions before 1.6 have no forward proxy; use proxy: reverse"
  exit 1
fi
push() {
  if [ -n "$files" ]; then
    secure=$(proxy_for https)
    plain=$(proxy_for http)
    direct=$(cat "$files/.env" 2>/dev/null | sed -n 's/^no_proxy=//p' | tr -d '"\\047\\r ')
    export https_proxy="$secure" HTTPS_PROXY="$secure" http_proxy="$plain" HTTP_PROXY="$plain"
    export no_proxy="$direct" NO_PROXY="$direct" SSL_CERT_DIR="\${SSL_CERT_DIR:+$SSL_CERT_DIR:}$files"
  fi
  [ -n "\${PUSH_TAGS-}" ] || exec crane push "$layout" "$reference" --image-refs="\${TERMINATION_LOG:-/dev/termination-log}" "$@"
  # What says that all is well is said when all of it is.
  crane push "$layout" "$reference" --image-refs="$said_file.refs" "$@" || return 1
  for tag in $PUSH_TAGS; do
    crane tag "$(cat "$said_file.refs")" "$tag" "$@" || return 1
  done
  cat "$said_file.refs" >"\${TERMINATION_LOG:-/dev/termination-log}"
}
trap 'kill "$pid" 2>/dev/null; exit 143' TERM
for pause in \${PUSH_PAUSES:-5 15 40 0}; do
  push "$@" >"$said_file" 2>&1 &
  pid=$!
  wait "$pid" && exit 0
  code=$?
  said=$(without_secrets <"$said_file")
  case $said in
    *TOOMANYREQUESTS* | *'status code 429'* | *'status code 5'* | *INTERNAL_ERROR* | *UNAVAILABLE* | *': UNKNOWN:'*) ;;
    *': Bad Gateway'* | *': Service Unavailable'* | *': Gateway Timeout'*) ;;
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

/**
 * The argument vector of a push container.
 *
 * @param proxyFiles see `PushAccess`
 */
export function pushCommand(layout: string, reference: string, plainHttp: boolean, proxyFiles = ''): string[] {
  return ['sh', '-c', PUSH_SCRIPT, 'push', layout, reference, proxyFiles, ...(plainHttp ? ['--insecure'] : [])]
}

/** Seconds before each further try; those after the last are as long as the last. */
const PAUSES = [5, 15, 40]

/**
 * What a push container is told besides its arguments; none of it is secret.
 *
 * @param tags further tags of the repository; the grammar of references leaves no blanks in them
 * @param retries further tries; undefined for the script's own number
 */
export function pushVariables(
  tags: readonly string[] = [],
  retries?: number
): readonly { readonly name: string; readonly value: string }[] {
  const pauses = Array.from({ length: Math.max(0, retries ?? 0) }, (_, index) => PAUSES[index] ?? 40)
  return [
    ...(tags.length === 0 ? [] : [{ name: 'PUSH_TAGS', value: tags.join(' ') }]),
    ...(retries === undefined ? [] : [{ name: 'PUSH_PAUSES', value: [...pauses, 0].join(' ') }])
  ]
}
