import type { JobRequest, JobResult } from './job.js'
import type { StepText } from './workflow.js'

/** A container action with a Dockerfile, as files of the workspace. `more` goes below `runs`. */
export function action(
  name: string,
  dockerfile: string,
  files: JobRequest['files'] = {},
  more: object = {}
): NonNullable<JobRequest['files']> {
  const directory = `.github/actions/${name}`
  const runs = { using: 'docker', image: 'Dockerfile', ...more }
  return {
    [`${directory}/action.yml`]: JSON.stringify({
      name,
      description: name,
      outputs: { said: { description: 'x' } },
      runs
    }),
    [`${directory}/Dockerfile`]: dockerfile,
    ...Object.fromEntries(Object.entries(files).map(([path, file]) => [`${directory}/${path}`, file]))
  }
}

/** A step that uses such an action. */
export const use = (name: string, more: StepText = {}): StepText => ({
  name,
  uses: `./.github/actions/${name}`,
  ...more
})

/** An executable file for busybox's shell. */
export const script = (text: string): { content: string; mode: number } => ({
  content: `#!/bin/sh\n${text}\n`,
  mode: 0o755
})

/** The images that a job pushed, by its log, as `repository:tag`: one tag for each build. */
export function pushedBy({ log }: JobResult, repository = 'kaniko-hooks/actions'): string[] {
  const tags = new RegExp(`${repository.replaceAll('.', '\\.')}:[0-9a-f]{12}-[0-9a-f]{8}`, 'g')
  // A kept image that cannot be used is named, too.
  const lines = log.split('\n').filter(line => !line.includes('The kept image '))
  return [...new Set(lines.flatMap(line => line.match(tags) ?? []))]
}
