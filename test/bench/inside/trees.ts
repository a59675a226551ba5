import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { Hook } from './hook.js'
import { runProgram, type ProgramRun } from './program.js'

/** Files in a directory. */
const PER_DIRECTORY = 100

/** Empty directories in the job's container and on the runner. */
interface Places {
  readonly there: string
  readonly back: string
}

/** Below the runner's temporary directory: what is there does not travel. */
const ASIDE = '_runner_hook_responses'

/**
 * Trees of files in the workspace, and the same transfers by tar and `kubectl exec`. Nothing is deleted between two measurements: ext4 gives no
 * inode away again for five minutes, and looks at all of these, one after the other, for each file that is made. A hundred thousand took six times as long.
 */
export class Trees {
  readonly #hook: Hook
  readonly #kubectl: string
  #count = 0

  constructor(hook: Hook, kubectl: string) {
    this.#hook = hook
    this.#kubectl = kubectl
  }

  /** Makes files on the runner's disk. */
  async make(directory: string, count: number, size: number): Promise<void> {
    const content = Buffer.alloc(size, 'some bytes that are no zeros ')
    for (let index = 0; index < count; index += 1) {
      const place = join(this.#hook.dirs.workspace, directory, `${Math.floor(index / PER_DIRECTORY)}`)
      if (index % PER_DIRECTORY === 0) await mkdir(place, { recursive: true })
      await writeFile(join(place, `${index}`), content)
    }
  }

  /** The same as the script of a step. */
  script(directory: string, count: number, size: number): string {
    return [
      `mkdir -p ${directory} && cd ${directory}`,
      `head -c ${size} /dev/urandom >one`,
      `for i in $(seq 0 ${Math.floor((count - 1) / PER_DIRECTORY)}); do mkdir -p $i; done`,
      size < 100_000
        ? `for i in $(seq 0 ${count - 1}); do echo $((i / ${PER_DIRECTORY}))/$i; done | xargs -n 1000 sh -c 'tee "$@" <one >/dev/null' tee`
        : `for i in $(seq 0 ${count - 1}); do cp one $((i / ${PER_DIRECTORY}))/$i; done`,
      'rm one',
      ''
    ].join('\n')
  }

  /** Puts them aside on both sides. */
  async remove(): Promise<void> {
    const { workspace, temp } = this.#hook.dirs
    const aside = `${ASIDE}/aside-${++this.#count}`
    await mkdir(join(temp, aside), { recursive: true })
    for (const name of ['files', 'made']) {
      await rename(join(workspace, name), join(temp, aside, name)).catch((error: unknown) => {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      })
    }
    const there = `/__w/_temp/${aside}`
    const move = `mkdir -p ${there}\nfor name in files made; do [ ! -e "$name" ] || mv "$name" ${there}/; done\n`
    await this.#hook.runScript(await this.#hook.script('remove', move))
  }

  async tarThere(): Promise<ProgramRun> {
    return this.#run(({ there }) => `tar -cf - files | ${this.#exec} tar -xf - -C ${there}`)
  }

  async tarThereAndBack(): Promise<ProgramRun> {
    return this.#run(
      ({ there, back }) =>
        `tar -cf - files | ${this.#exec} tar -xf - -C ${there} && ${this.#exec} tar -cf - -C ${there} files | tar -xf - -C ${back}`
    )
  }

  /** What makes them runs in the job's container first, as in the step. */
  async tarBack([shell = '', ...words]: readonly string[]): Promise<ProgramRun> {
    const script = [shell, ...words].map(word => `'${word}'`).join(' ')
    return this.#run(({ there, back }) => {
      const inJob = `${this.#exec} sh -c "cd ${there} && ${script}"`
      return `${inJob} && ${this.#exec} tar -cf - -C ${there} made | tar -xf - -C ${back}`
    })
  }

  async #run(commandOf: (places: Places) => string): Promise<ProgramRun> {
    const command = commandOf(await this.#prepare())
    const run = await runProgram(['sh', '-ec', `cd ${this.#hook.dirs.workspace} && ${command}`])
    if (run.code !== 0) throw new Error(`${command} ended with ${run.code}: ${run.stderr}`)
    return run
  }

  async #prepare(): Promise<Places> {
    const number = ++this.#count
    const places = { there: `/tmp/there-${number}`, back: `/tmp/back-${number}` }
    const { code, stderr } = await runProgram([
      ...['sh', '-ec'],
      `mkdir ${places.back} && ${this.#exec} mkdir ${places.there}`
    ])
    if (code !== 0) throw new Error(stderr)
    return places
  }

  get #exec(): string {
    return `${this.#kubectl} exec -i ${this.#hook.jobPod} -c job --`
  }
}
