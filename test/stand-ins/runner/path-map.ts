/** One line of a container's path map. */
interface PathMapping {
  readonly host: string
  readonly container: string
}

/** The paths of a container that the runner knows; the first line that fits wins. */
export type PathMap = readonly PathMapping[]

/** Where the runner keeps its things; absolute paths on its own disk. */
export interface Directories {
  readonly work: string
  readonly externals: string
  /** `<work>/<repository>`, also `runner.workspace`. */
  readonly pipeline: string
  /** `<work>/<repository>/<repository>`, also `github.workspace`. */
  readonly workspace: string
  readonly temp: string
  readonly actions: string
  readonly tools: string
  readonly home: string
  readonly workflow: string
  readonly fileCommands: string
  readonly responses: string
}

/** The runner's layout for a repository `owner/name`. */
export function directories(work: string, externals: string, repository: string): Directories {
  const name = repository.slice(repository.lastIndexOf('/') + 1)
  return {
    work,
    externals,
    pipeline: `${work}/${name}`,
    workspace: `${work}/${name}/${name}`,
    temp: `${work}/_temp`,
    actions: `${work}/_actions`,
    tools: `${work}/_tool`,
    home: `${work}/_temp/_github_home`,
    workflow: `${work}/_temp/_github_workflow`,
    fileCommands: `${work}/_temp/_runner_file_commands`,
    responses: `${work}/_temp/_runner_hook_responses`
  }
}

/** The job container's map. The tool cache lies below the work directory, so `/__t` is only reached when it does not. */
export function jobPaths(dirs: Directories): PathMap {
  return [
    { host: dirs.workflow, container: '/github/workflow' },
    { host: dirs.home, container: '/github/home' },
    { host: dirs.work, container: '/__w' },
    { host: dirs.tools, container: '/__t' },
    { host: dirs.externals, container: '/__e' }
  ]
}

/** A container action's map. */
export function actionPaths(dirs: Directories): PathMap {
  return [
    { host: dirs.workspace, container: '/github/workspace' },
    { host: dirs.fileCommands, container: '/github/file_commands' },
    { host: dirs.workflow, container: '/github/workflow' },
    { host: dirs.home, container: '/github/home' },
    { host: dirs.temp, container: '/github/runner_temp' },
    { host: dirs.work, container: '/__w' },
    { host: dirs.tools, container: '/__t' },
    { host: dirs.externals, container: '/__e' }
  ]
}

/**
 * A value as the container sees it: translated only when the whole value is a mapped host path or begins with one and a
 * slash. `A=/host/x:/y` therefore changes its head only, and `-I/host` not at all.
 */
export function toContainer(map: PathMap, value: string): string {
  return translate(map, value, 'host', 'container')
}

/** The way back, for file names in annotations. */
export function toHost(map: PathMap, value: string): string {
  return translate(map, value, 'container', 'host')
}

function translate(map: PathMap, value: string, from: 'host' | 'container', to: 'host' | 'container'): string {
  const line = map.find(mapping => value === mapping[from] || value.startsWith(`${mapping[from]}/`))
  return line === undefined ? value : line[to] + value.slice(line[from].length)
}
