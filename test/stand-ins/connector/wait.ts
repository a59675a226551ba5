import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Asks again and again until an answer comes.
 *
 * @param what is waited for, to begin a sentence
 * @param ask undefined means: not yet
 * @param why says at the end what may keep it, in a sentence
 */
export async function until<T>(
  what: string,
  seconds: number,
  ask: () => Promise<T | undefined>,
  why: () => Promise<string | undefined> = () => Promise.resolve(undefined)
): Promise<T> {
  const end = Date.now() + seconds * 1000
  for (;;) {
    const answer = await ask()
    if (answer !== undefined) return answer
    if (Date.now() > end) {
      const reason = await why()
      throw new Error(`${what}: still not after ${seconds} s${reason === undefined ? '' : `: ${reason}`}`)
    }
    await sleep(200)
  }
}
