/** Hides secrets in text. A secret is also known by its lines and by its Base64, JSON and URI forms, as in the runner. */
export class SecretMask {
  readonly #values = new Set<string>()
  #pattern: RegExp | undefined

  /** Adds a secret; blank values and lines are left out. */
  add(secret: string): void {
    for (const value of [secret, ...secret.split(/\r?\n/)]) {
      if (value.trim() === '') continue
      for (const form of [
        value,
        Buffer.from(value).toString('base64'),
        JSON.stringify(value).slice(1, -1),
        encodeURIComponent(Buffer.from(value).toString())
      ]) {
        this.#values.add(form)
      }
    }
    this.#pattern = undefined
  }

  /** The text with every secret as `***`. */
  hide(text: string): string {
    return this.#values.size === 0 ? text : text.replaceAll(this.#expression(), '***')
  }

  /** True when `hide` would change the text. */
  finds(text: string): boolean {
    return this.#values.size > 0 && text.search(this.#expression()) >= 0
  }

  #expression(): RegExp {
    this.#pattern ??= new RegExp(
      [...this.#values]
        .sort((a, b) => b.length - a.length)
        .map(value => value.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&'))
        .join('|'),
      'g'
    )
    return this.#pattern
  }
}
