import { BuildError } from '../../errors.js'
import { extraArguments } from './extra-arguments.js'

/** What somebody wants of an image besides its Dockerfile. */
export interface WantedImage {
  readonly buildArgs: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
  /** Of the manifest; Google's fork has none. */
  readonly annotations: Readonly<Record<string, string>>
  /** A stage of the Dockerfile. */
  readonly target?: string
  readonly platform?: string
  /** Only the osscontainertools fork knows them. */
  readonly secrets: readonly { readonly id: string }[]
  readonly engineArgs: readonly string[]
}

/** The flags that say what is in the image, wherever the executor runs. Those that the user wrote come last. */
export function imageArguments(
  wanted: Pick<WantedImage, 'annotations' | 'buildArgs' | 'engineArgs' | 'labels' | 'secrets'>,
  secretsDirectory?: string
): string[] {
  return [
    ...pairs('label', wanted.labels),
    ...pairs('annotation', wanted.annotations),
    ...wanted.secrets.map(({ id }, index) => {
      return `--secret=id=${checkedId(id)},type=file,src=${secretFile(secretsDirectory, index)}`
    }),
    ...pairs('build-arg', wanted.buildArgs),
    ...extraArguments(wanted.engineArgs)
  ]
}

/**
 * Where the value of the secret with this index lies. The file must stay for the whole build, below `/kaniko` best: what lies
 * elsewhere goes when the next stage begins (osscontainertools/kaniko#511).
 */
export function secretFile(directory: string | undefined, index: number): string {
  if (directory === undefined) throw new Error('a build with secrets needs a directory in which they lie')
  return `${directory}/${index}`
}

/** `--cache…` for layers kept in a repository. */
export function cacheArguments(repository: string, ttl: string): string[] {
  return ['--cache=true', '--cache-copy-layers=true', `--cache-repo=${repository}`, `--cache-ttl=${ttl}`]
}

/** The executor makes a file of that name, and takes commas for the end. */
function checkedId(id: string): string {
  if (/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(id)) return id
  const why = 'letters, digits, dots, dashes and underscores make one, and no dot or dash begins it'
  throw new BuildError('REQUEST_REFUSED', `${JSON.stringify(id)} is not the id of a secret that is taken: ${why}`)
}

function pairs(flag: string, values: Readonly<Record<string, string>>): string[] {
  return Object.entries(values).map(([name, value]) => `--${flag}=${name}=${value}`)
}
