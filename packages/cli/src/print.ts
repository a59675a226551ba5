import { executorCommand, type BackendName, type ImageBuild } from '@kaniko-hooks/client'

/** A word as a person would write it for a shell. */
function quoteWord(word: string): string {
  return /^[A-Za-z0-9@%+=:,./_-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
}

/** Where a build runs: what a backend would ask for, or a command that leads to the executor; empty for one that runs here. */
type Where =
  { readonly backend: BackendName; readonly objects: readonly object[] } | { readonly leading: readonly string[] }

/** What the objects of a backend are. */
const OBJECTS: Readonly<Partial<Record<BackendName, string>>> = {
  kubernetes: 'the pod that would be made, with Secrets of these names',
  docker: 'the containers that the Docker daemon would be asked to create'
}

/**
 * What would run, as text for a person: the objects or commands, and where credentials would be from.
 *
 * @param credentials `registry: origin` for each registry that has one
 */
export function describeBuild(build: ImageBuild, where: Where, credentials: readonly string[]): string {
  return [
    ...('objects' in where ? objectsOf(where.backend, where.objects) : commandsOf(build, where.leading)),
    '',
    '# credentials, which stand in nothing above',
    ...(credentials.length === 0 ? ['# none'] : credentials.map(line => `# ${line}`)),
    ...build.secrets.map(({ id }) => `# secret ${id}: a file for the executor alone`),
    ''
  ].join('\n')
}

function objectsOf(backend: BackendName, objects: readonly object[]): string[] {
  return [`# ${OBJECTS[backend] ?? backend}`, ...objects.map(object => JSON.stringify(object, undefined, 2))]
}

function commandsOf(build: ImageBuild, leading: readonly string[]): string[] {
  const words = (command: readonly string[]): string => command.map(quoteWord).join(' \\\n  ')
  return [
    ...(leading.length === 0 ? [] : ['# runs here, and carries everything in its standard input', words(leading), '']),
    leading.length === 0 ? '# runs here' : '# runs there',
    words(executorCommand(build))
  ]
}
