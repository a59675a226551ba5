/** The directories above a path, the nearest first. */
export function parentsOf(path: string): string[] {
  const parents: string[] = []
  for (let parent = parentOf(path); parent !== ''; parent = parentOf(parent)) parents.push(parent)
  return parents
}

/** Whether a path lies in one of these directories, of which '' is the root. */
export function isBelow(path: string, directories: readonly string[]): boolean {
  return directories.some(directory => directory === '' || path.startsWith(`${directory}/`))
}

/** The directory in which a path lies; '' for the root. */
export function parentOf(path: string): string {
  const end = path.lastIndexOf('/')
  return end < 0 ? '' : path.slice(0, end)
}
