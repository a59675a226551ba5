/** A shell script that prints numbered lines, one in 0.1 s and each in two pieces, and ends with exit code 7. */
export function printNumbered(count: number): string {
  const line = `printf "line $i"; sleep 0.05; echo " of ${count}"; i=$((i+1)); sleep 0.05`
  return `i=1; while [ $i -le ${count} ]; do ${line}; done; exit 7`
}

/** What it prints. */
export function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `line ${index + 1} of ${count}`)
}

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
