/** Watches an output for a text. */
export class Sight {
  readonly seen: Promise<void>
  readonly #text: string
  #tail = ''
  #resolve: () => void = () => undefined

  constructor(text: string) {
    this.#text = text
    this.seen = new Promise(resolve => (this.#resolve = resolve))
  }

  readonly look = (chunk: Buffer): void => {
    this.#tail += chunk.toString()
    if (this.#tail.includes(this.#text)) this.#resolve()
    this.#tail = this.#tail.slice(-this.#text.length)
  }
}
