import { parseDockerfile } from './parse.js'

/**
 * Whether `--skip-unused-stages` of the Google and Chainguard lines can be trusted with a Dockerfile. They drop unnamed
 * stages although `COPY --from=0` uses them, count numbers anew after dropping, and compare names as written although
 * stage names are lower case (pkg/dockerfile, skipUnusedStages). So: only names, in lower case, without variables.
 */
export function hasPlainStages(dockerfileText: string): boolean {
  return parseDockerfile(dockerfileText).every(({ keyword, flags, args }) => {
    if (keyword === 'ONBUILD') return false
    if (keyword === 'FROM') return !/[$A-Z]/.test(args.split(/\s+/)[0] ?? '')
    if (keyword !== 'COPY') return true
    const from = flags.find(flag => flag.startsWith('--from='))?.slice('--from='.length)
    return from === undefined || /^[a-z][^$A-Z]*$/.test(from)
  })
}
