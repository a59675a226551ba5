import { executorCommand, type ImageBuild } from '@kaniko-hooks/client'

/** A word as a person would write it for a shell. */
function quoteWord(word: string): string {
  return /^[A-Za-z0-9@%+=:,./_-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
}

/**
 * What would run, as text for a person: the command that leads there, the executor's own, where credentials would be from.
 *
 * @param leading the command that leads to the executor; empty for one that runs here
 * @param credentials `registry: origin` for each registry that has one
 */
export function describeBuild(build: ImageBuild, leading: readonly string[], credentials: readonly string[]): string {
  const words = (command: readonly string[]): string => command.map(quoteWord).join(' \\\n  ')
  return [
    ...(leading.length === 0 ? [] : ['# runs here, and carries everything in its standard input', words(leading), '']),
    leading.length === 0 ? '# runs here' : '# runs there',
    words(executorCommand(build)),
    '',
    '# credentials, which no argument holds',
    ...(credentials.length === 0 ? ['# none'] : credentials.map(line => `# ${line}`)),
    ...build.secrets.map(({ id }) => `# secret ${id}: a file for the executor alone`),
    ''
  ].join('\n')
}
