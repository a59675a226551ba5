import type { Credentials } from '../stand-ins/registries/registry.js'

/** Passwords that must not be seen, by what each of them is for. */
export type Canaries = Readonly<Record<string, Credentials>>

/** The part of a test password that no quoting changes; `newUsers` puts special characters after it. */
export function coreOf({ password }: Credentials): string {
  return /^canary-[0-9a-f]{24}/.exec(password)?.[0] ?? password
}

/**
 * Which of the passwords a text has in it: as it is, in base64 of whatever text they are part of (an Authorization
 * header, a docker configuration, the data of a Secret), or in base64 of that.
 */
export function foundIn(text: string, canaries: Canaries): string[] {
  return Object.entries(canaries).flatMap(([name, credentials]) => {
    const once = encodings(coreOf(credentials))
    const forms = [coreOf(credentials), ...once, ...once.flatMap(encodings)]
    return forms.some(form => text.includes(form)) ? [name] : []
  })
}

/** Base64 takes three bytes at a time, so it depends on how many stand before; the ends depend on the neighbours too. */
function encodings(text: string): string[] {
  return [0, 1, 2].map(before => {
    const encoded = Buffer.from('x'.repeat(before) + text).toString('base64')
    return encoded.slice(before === 0 ? 0 : 4, -4)
  })
}
