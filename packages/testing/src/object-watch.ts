import type { ServerResponse } from 'node:http'
import type { StoredObject } from './stored-object.js'

/** How often objects are looked at: tests change them in place. */
const LOOK_MS = 5

/** Streams of events, as a watch without a version gives them: first of what is there, then of each change. */
export class ObjectWatches {
  readonly #open = new Set<ServerResponse>()
  /** While true, streams stay open and tell nothing, as behind a connection that is held. */
  isStalled = false

  /** @param look the selected objects as they are now */
  answer(look: () => readonly StoredObject[], response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.flushHeaders()
    this.#open.add(response)
    const told = new Map<string, string>()
    const tell = (): void => {
      if (this.isStalled) return
      const now = new Map(look().map(object => [object.metadata.name, JSON.stringify(object)]))
      for (const [name, text] of now) {
        if (told.get(name) === text) continue
        response.write(`{"type":"${told.has(name) ? 'MODIFIED' : 'ADDED'}","object":${text}}\n`)
        told.set(name, text)
      }
      for (const [name, text] of told) {
        if (now.has(name)) continue
        response.write(`{"type":"DELETED","object":${text}}\n`)
        told.delete(name)
      }
    }
    tell()
    const timer = setInterval(tell, LOOK_MS)
    response.on('close', () => {
      clearInterval(timer)
      this.#open.delete(response)
    })
  }

  /** How many streams are open. */
  get count(): number {
    return this.#open.size
  }

  /** Takes all streams away: `gone` after the word that their history has expired, `end` cleanly, `cut` in the middle. */
  end(how: 'gone' | 'end' | 'cut'): void {
    for (const response of this.#open) {
      const gone = { kind: 'Status', status: 'Failure', reason: 'Expired', code: 410 }
      if (how === 'cut') response.write('{"type":"MODI')
      if (how === 'gone') response.write(`${JSON.stringify({ type: 'ERROR', object: gone })}\n`)
      if (how === 'cut') response.socket?.resetAndDestroy()
      else response.end()
    }
  }
}
