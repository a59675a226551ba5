/** Where the spool lies in the job container: an emptyDir of ours, world-writable, also under a read-only root. */
export const SPOOL_PATH = '/__hook'

/**
 * PID 1 of the job container. It reaps: under `tail` or `sleep` every finished step would stay a zombie.
 * A shell that waits for a child takes in the exit of every process that became its child.
 */
export const KEEP_ALIVE_COMMAND: readonly string[] = [
  'sh',
  '-c',
  "trap 'exit 0' TERM INT; while :; do sleep 86400 & wait $!; done"
]
