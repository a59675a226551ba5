/** A shell script that prints numbered lines, one in half a second and each in two pieces, and ends with exit code 7. */
export function printNumbered(count: number): string {
  const line = `printf "line $i"; sleep 0.25; echo " of ${count}"; i=$((i+1)); sleep 0.25`
  return `i=1; while [ $i -le ${count} ]; do ${line}; done; exit 7`
}

/** What it prints. */
export function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `line ${index + 1} of ${count}`)
}

/** The same with each line in one piece: what the container runtime has of a line when it is killed is lost. */
export function printWhole(count: number): string {
  return `i=1; while [ $i -le ${count} ]; do echo "line $i of ${count}"; i=$((i+1)); sleep 0.5; done; exit 7`
}
