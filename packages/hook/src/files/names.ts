/*
 * Linux knows names as bytes, and JavaScript as text. A byte that is part of no UTF-8 stands as a lone surrogate, U+DC80 for
 * 0x80 to U+DCFF for 0xFF, as in Python's "surrogateescape" (PEP 383): every name has one text, and every text one name.
 */

const LONE = /[\udc80-\udcff]/u

/** A name as text. */
export function nameOf(bytes: Buffer): string {
  const text = bytes.toString('utf8')
  if (!text.includes('\ufffd')) return text
  let name = ''
  for (let at = 0; at < bytes.length;) {
    const length = lengthFrom(bytes[at] ?? 0)
    const piece = bytes.subarray(at, at + length)
    const character = piece.toString('utf8')
    if (Buffer.from(character).equals(piece)) {
      name += character
      at += length
    } else {
      name += String.fromCharCode(0xdc00 + (bytes[at] ?? 0))
      at += 1
    }
  }
  return name
}

/** What the system's calls take for a name or a path: text, where text says it. */
export function systemName(name: string): string | Buffer {
  if (!LONE.test(name)) return name
  return Buffer.concat(
    [...name].map(character =>
      LONE.test(character) ? Buffer.from([character.charCodeAt(0) & 0xff]) : Buffer.from(character)
    )
  )
}

/** A name as a person may read it; control characters and bytes that are no text do not stand as they are. */
export function shownName(name: string): string {
  return name.replace(/[\udc80-\udcff]/gu, '\ufffd').replace(/\p{Cc}/gu, '?')
}

function lengthFrom(first: number): number {
  if (first < 0x80) return 1
  if (first < 0xe0) return 2
  return first < 0xf0 ? 3 : 4
}
