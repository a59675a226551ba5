import { execFileSync } from 'node:child_process'

const SCRIPT = 'for _ in $(seq "$2"); do mkdir "$1" && cd "$1" || exit 1; done; printf deep >file'

/**
 * Makes directories within one another under `root`, and a file named `file` in the last one. A shell goes down to it:
 * the path may be longer than a call takes, and this process, in which other tests run too, stays where it is.
 */
export function makeDeep(root: string, name: string, depth: number): void {
  execFileSync('sh', ['-c', SCRIPT, 'sh', name, String(depth)], { cwd: root })
}
