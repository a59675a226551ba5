import { isAbsolute, normalize } from 'node:path'

import type { VolumeArgs } from '../protocol/schema.js'
import { invalid, OptionProblem, quote, splitOnce } from './grammar.js'
import { boolean, bytes, fields } from './quantities.js'

/** A directory in memory. */
export interface MemoryMount {
  readonly path: string
  readonly bytes?: number
  readonly readOnly: boolean
}

const MODES = /^(ro|rw|z|Z|nocopy|r?(private|shared|slave)|cached|delegated|consistent)$/

/**
 * A volume as `--volume` says it: `target`, `source:target` or `source:target:modes`.
 *
 * @throws OptionProblem in docker's words
 */
export function bindVolume(text: string): VolumeArgs {
  const parts = text.split(':')
  const [target = '', modes = ''] = parts.length === 1 ? parts : parts.slice(1)
  const source = parts.length === 1 ? null : (parts[0] ?? '')
  if (parts.length > 3 || source === '' || target === '') {
    throw new OptionProblem(`invalid volume specification: ${quote(text)}`)
  }
  const listed = modes === '' ? [] : modes.split(',')
  const wrong = listed.find(mode => !MODES.test(mode))
  if (wrong !== undefined) throw new OptionProblem(`invalid mode: ${quote(wrong)} of volume ${quote(text)}`)
  return { sourceVolumePath: sourceOf(source), targetVolumePath: targetOf(target), readOnly: listed.includes('ro') }
}

/**
 * A directory in memory as `--tmpfs` says it: `path` or `path:options`.
 *
 * @param ignore told of each option that has no meaning here
 * @throws OptionProblem in docker's words
 */
export function tmpfs(text: string, ignore: (option: string) => void): MemoryMount {
  const [path, options = ''] = splitOnce(text, ':')
  let mount: MemoryMount = { path: targetOf(path), readOnly: false }
  for (const option of options.split(',').filter(word => word !== '' && word !== 'rw')) {
    const [key, value = ''] = splitOnce(option, '=')
    if (key === 'ro') mount = { ...mount, readOnly: true }
    else if (key === 'size' && !value.endsWith('%')) mount = { ...mount, bytes: sizeOf('tmpfs', value) }
    else ignore(`--tmpfs ${key}`)
  }
  return mount
}

/** The fields of `--mount` that say nothing to a pod. */
const WITHOUT_MEANING = /^(consistency|bind-(propagation|nonrecursive|recursive)|tmpfs-mode|volume-(nocopy|label))$/

/**
 * A volume or a directory in memory as `--mount` says it.
 *
 * @param ignore told of each field that has no meaning here
 * @throws OptionProblem in docker's words, or UNSUPPORTED
 */
export function mount(text: string, ignore: (field: string) => void): VolumeArgs | MemoryMount {
  const given = { type: 'volume', source: '', target: '', readOnly: false, bytes: undefined as number | undefined }
  const wrong = (why: string): OptionProblem => invalid('mount', text, why)
  for (const field of fields(text)) {
    const [written, value] = splitOnce(field, '=')
    const key = written.toLowerCase()
    if (key === 'readonly' || key === 'ro') given.readOnly = value === undefined || readBoolean(key, value)
    else if (value === undefined && key !== 'volume-nocopy' && key !== 'bind-nonrecursive') {
      throw wrong(`invalid field ${quote(field)} must be a key=value pair`)
    } else if (key === 'type') given.type = (value ?? '').toLowerCase()
    else if (key === 'source' || key === 'src') given.source = value ?? ''
    else if (key === 'target' || key === 'dst' || key === 'destination') given.target = value ?? ''
    else if (key === 'tmpfs-size') given.bytes = sizeOf('mount', value ?? '')
    else if (WITHOUT_MEANING.test(key)) ignore(`--mount ${key}`)
    else if (/^(volume-(driver|opt|subpath)|image-subpath)$/.test(key)) {
      throw new OptionProblem(
        `--mount ${key} is not possible: other volumes belong to the hook template`,
        'UNSUPPORTED'
      )
    } else throw wrong(`unexpected key ${quote(written)} in ${quote(field)}`)
  }
  const { type, source, readOnly } = given
  if (given.target === '') throw wrong('target is required')
  const target = targetOf(given.target)
  if (type === 'tmpfs') {
    return { path: target, readOnly, ...(given.bytes === undefined ? {} : { bytes: given.bytes }) }
  }
  if (type === 'bind' && !isAbsolute(source)) throw wrong(`source ${quote(source)} must be absolute`)
  if (type !== 'bind' && type !== 'volume')
    throw new OptionProblem(`--mount type=${quote(type)} is not possible`, 'UNSUPPORTED')
  if (type === 'volume' && isAbsolute(source)) throw wrong(`${quote(source)} is no name of a volume`)
  return { sourceVolumePath: source === '' ? null : sourceOf(source), targetVolumePath: target, readOnly }
}

function readBoolean(key: string, value: string): boolean {
  try {
    return boolean(value)
  } catch {
    throw invalid('mount', `${key}=${value}`, 'invalid value')
  }
}

/** @throws OptionProblem in docker's words */
export function sizeOf(flag: string, text: string): number {
  const size = reading(flag, text, bytes)
  if (size < 0) throw invalid(flag, text, 'invalid size')
  return size
}

function reading<T>(flag: string, text: string, read: (text: string) => T): T {
  try {
    return read(text)
  } catch (error) {
    throw invalid(flag, text, (error as Error).message)
  }
}

function sourceOf(source: string | null): string | null {
  if (source === null || isAbsolute(source) || /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(source)) return source
  throw new OptionProblem(
    `${quote(source)} includes invalid characters for the name of a volume. A directory is named with its absolute path`
  )
}

function targetOf(target: string): string {
  const path = normalize(target)
  if (!isAbsolute(path)) throw new OptionProblem(`invalid mount path: ${quote(target)} must be absolute`)
  if (path === '/') throw new OptionProblem('invalid mount path: the destination cannot be "/"')
  return path.replace(/\/$/, '')
}
