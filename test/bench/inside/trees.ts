import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { Hook } from './hook.js'
import { runProgram, type ProgramRun } from './program.js'

/** Files in a directory. */
const PER_DIRECTORY = 100

/** Trees of files in the workspace, and the same transfers by tar and `kubectl exec`. */
export class Trees {
  readonly #hook: Hook
  readonly #kubectl: string

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

  /** Removes them on both sides. */
  async remove(): Promise<void> {
    const { workspace } = this.#hook.dirs
    for (const name of ['files', 'made']) await rm(join(workspace, name), { recursive: true, force: true })
    await this.#hook.runScript(await this.#hook.script('remove', 'rm -rf files made /tmp/there\n'))
  }

  async tarThere(): Promise<ProgramRun> {
    return this.#run(`tar -cf - files | ${this.#exec} tar -xf - -C /tmp/there`)
  }

  async tarThereAndBack(): Promise<ProgramRun> {
    return this.#run(
      `tar -cf - files | ${this.#exec} tar -xf - -C /tmp/there && ${this.#exec} tar -cf - -C /tmp/there files | tar -xf - -C /tmp/back`
    )
  }

  /** What makes them runs in the job's container first, as in the step. */
  async tarBack([shell = '', ...words]: readonly string[]): Promise<ProgramRun> {
    const script = [shell, ...words].map(word => `'${word}'`).join(' ')
    const inJob = `${this.#exec} sh -c "cd /tmp/there && ${script}"`
    return this.#run(`${inJob} && ${this.#exec} tar -cf - -C /tmp/there made | tar -xf - -C /tmp/back`)
  }

  async #run(command: string): Promise<ProgramRun> {
    await this.#prepare()
    const run = await runProgram(['sh', '-ec', `cd ${this.#hook.dirs.workspace} && ${command}`])
    if (run.code !== 0) throw new Error(`${command} ended with ${run.code}: ${run.stderr}`)
    return run
  }

  async #prepare(): Promise<void> {
    const there = 'rm -rf /tmp/there && mkdir /tmp/there'
    const { code, stderr } = await runProgram([
      'sh',
      '-ec',
      `rm -rf /tmp/back && mkdir /tmp/back && ${this.#exec} sh -c '${there}'`
    ])
    if (code !== 0) throw new Error(stderr)
  }

  get #exec(): string {
    return `${this.#kubectl} exec -i ${this.#hook.jobPod} -c job --`
  }
}
