import { EXEC_CUT, type ExecAnswer, type ExecCall, type ExecScript } from '@kaniko-hooks/testing'

import { END_MARK, LAUNCH_COMMAND, SIGNAL_COMMAND } from './supervisor.js'

/** A connection to a step, as the pod's half of it sees one. */
export interface Launch {
  readonly id: string
  /** How many bytes of output the hook has already. */
  readonly offset: number
  /** The shell text of the step. */
  readonly script: string
  readonly print: ExecCall['print']
}

/** How a step ends for one connection: with the words of its end mark, or `EXEC_CUT` in the middle. */
export type Ending = string | number

/** What came of the steps that were played. */
export interface Played {
  readonly launches: Launch[]
  /** The signals that reached a step. */
  readonly signals: string[]
  /** Any other command, for which `other` was asked. */
  readonly commands: string[]
}

/**
 * Plays the shell half of script steps, without a shell: what a real one does is tested with real shells beside
 * `supervisor.ts`.
 *
 * @param play the step: it prints, and says how it ends
 * @param onSignal told of each signal
 * @param other does any other command
 */
export function playedStep(
  play: (launch: Launch) => Ending | Promise<Ending>,
  onSignal: (name: string) => void = () => undefined,
  other: ExecScript = () => 0
): Played & { readonly exec: ExecScript } {
  const played: Played = { launches: [], signals: [], commands: [] }
  const exec = async (call: ExecCall): Promise<ExecAnswer> => {
    const word = call.command[2]
    if (word === SIGNAL_COMMAND[2]) {
      const [, name = ''] = (await lineOf(call)).split(' ')
      played.signals.push(name)
      onSignal(name)
      return 0
    }
    if (word === LAUNCH_COMMAND[2]) return launch(call, play, played)
    played.commands.push(call.command.join(' '))
    return other(call)
  }
  return { ...played, exec }
}

async function launch(
  call: ExecCall,
  play: (launch: Launch) => Ending | Promise<Ending>,
  { launches }: Played
): Promise<ExecAnswer> {
  const [id = '', offset, bytes] = (await lineOf(call)).split(' ')
  const script = (await take(call, Number(bytes))).toString()
  await call.complain('started\n')
  const begun = { id, offset: Number(offset), script, print: call.print }
  launches.push(begun)
  const ending = await play(begun)
  if (ending === EXEC_CUT) return EXEC_CUT
  await call.print(`${END_MARK}${id} ${ending}\n`)
  // The real one ends when the hook says so, or goes.
  while (!call.stdin.readableEnded && !call.gone.aborted && (await lineOf(call)) !== 'end');
  return 0
}

async function lineOf(call: ExecCall): Promise<string> {
  let line = ''
  for (;;) {
    const byte = (await take(call, 1)).toString('latin1')
    if (byte === '\n' || byte === '') return line
    line += byte
  }
}

/** So many bytes of standard input, or what there is when it ends. */
async function take({ stdin }: ExecCall, bytes: number): Promise<Buffer> {
  for (;;) {
    const chunk = stdin.read(bytes) as Buffer | null
    if (chunk !== null || stdin.readableEnded) return chunk ?? Buffer.alloc(0)
    await new Promise<void>(resolve => {
      stdin.once('readable', resolve)
      stdin.once('end', resolve)
    })
  }
}
