/** Docker as a runner finds it. */
export interface DockerEngine {
  /** Absolute path of the client. */
  readonly program: string
  /** Where the daemon listens, `/var/run/docker.sock` on an ordinary runner; mounted there into containers. */
  readonly socket: string
}
