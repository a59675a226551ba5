import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { format, resolveConfig } from 'prettier'

import { FLAGS, type Fate, type Flag } from '../packages/hook/src/options/flags.js'

/** Where the page of options lies. */
export const OPTIONS_FILE = join(import.meta.dirname, '..', 'docs', 'options.md')

const INTRODUCTION = `# Options of containers

\`options:\` of a job container and of a service are options of \`docker create\`. There is no Docker on these runners, so the hook reads the
options as docker does, and gives the pod what they mean. What of them is wrong, or not possible here, fails the job before anything is made, with the name of the container
and the option.

\`\`\`yaml
jobs:
  test:
    runs-on: kaniko
    container:
      image: node:22
      options: --user 1001 --cpus 2 --memory 4g --shm-size 1g
    services:
      db:
        image: postgres:16
        options: >-
          --health-cmd pg_isready
          --health-interval 10s
          --memory 1g
\`\`\`

- **How they are read**: as the runner hands them to docker. Only \`"\` quotes; \`'\`, \`$\` and backticks are ordinary characters. \`--flag value\`, \`--flag=value\`,
  \`-e A=B\`, \`-eA=B\` and \`-it\` are all possible, and of an option with one value the last counts. Other than with docker, a line break separates words, too: \`options: |\` works.
- **What the workflow says in its own words wins**: \`env:\` over \`--env\`, and \`entrypoint:\` of a service over \`--entrypoint\`, as with docker. The administrator's hook template wins over
  both.
- **One pod**: the job container and the services share a network and a pod, so a few options of one container change the others: \`--add-host\`, \`--dns\`, \`--group-add\`, \`--sysctl\`,
  \`--runtime\`.
- **Limits reserve nothing**, as with docker: \`--cpus 2 --memory 4g\` also starts on a node that has less to give at the moment. \`--cpu-shares\` and
  \`--memory-reservation\` reserve, and the pod waits for a node that has as much.
- **Both modes**: each option means the same with and without a work volume.
`

interface Part {
  readonly fate: Fate
  readonly title: string
  readonly text: string
  readonly column: string
}

const PARTS: readonly Part[] = [
  { fate: 'mapped', title: 'What works', text: '', column: 'in the pod' },
  {
    fate: 'permitted',
    title: 'What the administrator has to allow',
    text: `Besides these, capabilities beyond PodSecurity _baseline_, unsafe sysctls, and \`seccomp=unconfined\` or \`apparmor=unconfined\` of \`--security-opt\`.
The settings file allows by name or, for capabilities, sysctls and runtime classes, all of a kind with \`*\`. The namespace's own PodSecurity still decides.

\`\`\`yaml
# kaniko-hooks settings
options:
  allow: [privileged, cap-add=SYS_PTRACE, 'sysctl=*']
  maximum: { cpus: 4, memory: 8g, shmSize: 2g, gpus: 1 }
\`\`\`

\`maximum\` bounds what options ask for. It gives nothing to a container that asks for nothing: that is the hook template's matter. All keys: [settings](settings.md#options-of-containers).`,
    column: 'what it would be'
  },
  {
    fate: 'already',
    title: 'What is so anyway',
    text: 'Taken without a word.',
    column: 'why'
  },
  {
    fate: 'ignored',
    title: 'What has no meaning here',
    text: 'One warning for each container names those that were given.',
    column: 'why'
  },
  {
    fate: 'refused',
    title: 'What is refused',
    text: 'The job would not do what it was written for.',
    column: 'why, and what to use'
  }
]

/** The page of options: the text above, and the table of flags in the code. */
export async function optionsPage(): Promise<string> {
  const parts = PARTS.map(({ fate, title, text, column }) => {
    const rows = [...FLAGS].filter(([, flag]) => flag.fate === fate).map(row)
    return `## ${title}\n\n${text}\n\n| option | ${column} |\n| --- | --- |\n${rows.join('\n')}\n`
  })
  const page = `${INTRODUCTION}\n${parts.join('\n')}\nThis page is made of the table in \`packages/hook/src/options/flags.ts\`: \`npx tsx scripts/options-page.ts\`.\n`
  return format(page, { ...(await resolveConfig(OPTIONS_FILE)), parser: 'markdown' })
}

function row([name, { short, words }]: [string, Flag]): string {
  return `| \`--${name}\`${short === undefined ? '' : `, \`-${short}\``} | ${words.replaceAll('|', '\\|')} |`
}

if (process.argv[1] === import.meta.filename) writeFileSync(OPTIONS_FILE, await optionsPage())
