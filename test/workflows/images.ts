import type { ImageRequest } from '../harness/image.js'

const SHELL = ['sh', 'cat', 'chmod', 'echo', 'env', 'find', 'id', 'ls', 'mkdir', 'printf', 'readlink', 'rm', 'sort']
const JOB = [...SHELL, 'sleep', 'stat', 'tail', 'touch', 'which']

/** Says at /, /env, /id … what it was given, and at /ready when it is ready. */
const SERVE = `#!/bin/sh
root=/tmp/www
mkdir -p "$root"
echo "\${GREETING-no greeting}" >"$root/index.html"
env >"$root/env"
echo "$(id -u):$(id -g)" >"$root/id"
hostname >"$root/hostname"
printf '[%s]\\n' "$@" >"$root/arguments"
for path in /goods /attic /locked; do
  touch "$path/made" 2>/dev/null && echo "$path written" || echo "$path closed"
done >"$root/writable"
echo "serving on port \${PORT-80}"
# Later than what was said on the other stream, so that the order of both is known.
[ -z "$SAYS" ] || { sleep 1; echo "$SAYS" >&2; }
[ -z "$READY_AFTER" ] || (sleep "$READY_AFTER"; echo yes >"$root/ready"; touch /tmp/ready) &
exec httpd -f -p "\${PORT-80}" -h "$root"
`

const WEB = {
  repository: 'workflows/web',
  tools: [...SHELL, 'hostname', 'httpd', 'sleep', 'test', 'touch'],
  files: { '/serve': SERVE },
  config: { Entrypoint: ['/serve'] }
} satisfies ImageRequest

/** The images that workflows name as `${IMAGE:name}`, besides those that every runner has. */
export const IMAGES: Readonly<Record<string, ImageRequest>> = {
  /** A service that tells about itself by HTTP. */
  web: WEB,
  /** The same with a HEALTHCHECK. */
  healthy: {
    ...WEB,
    repository: 'workflows/healthy',
    config: {
      ...WEB.config,
      Healthcheck: { Test: ['CMD-SHELL', 'test -f /tmp/ready'], Interval: 1e9, Timeout: 5e9, Retries: 20 }
    }
  },
  /** Its entry point prints each argument; it has variables, a PATH and a working directory of its own. */
  greeter: {
    repository: 'workflows/greeter',
    tools: JOB,
    files: {
      '/entry.sh': '#!/bin/sh\ntouch /tmp/entry-point-ran\nprintf "[%s]\\n" "$GREETING" "$@"\n',
      '/opt/tools/gadget': '#!/bin/sh\necho "gadget $*"\n',
      '/srv/here': ''
    },
    config: {
      Entrypoint: ['/entry.sh'],
      Cmd: ['default', 'two words'],
      Env: ['PATH=/opt/tools:/bin', 'GREETING=of the image'],
      WorkingDir: '/srv'
    }
  },
  /** For a user who has no name and owns nothing. */
  nonroot: {
    repository: 'workflows/nonroot',
    tools: JOB,
    config: { Cmd: ['sh'], User: '10001:10001', WorkingDir: '/tmp' }
  },
  /** One program without libraries, and no shell. */
  static: {
    repository: 'workflows/static',
    tools: [],
    programs: { '/busybox-static': '/bin/busybox' },
    config: { Entrypoint: ['/busybox-static'], Cmd: ['echo', 'the default words'] }
  }
}
