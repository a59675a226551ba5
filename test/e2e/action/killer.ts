/**
 * A script for a step: kills the next step of the action as nobody can prevent.
 *
 * @param until shell lines that wait for the moment
 */
export function killerOf(until: string): string {
  return `cat > /tmp/killer <<'END'
${until}
for process in /proc/[0-9]*; do
  case $(readlink $process/exe) in */node) grep -q 'action/main.cjs' $process/cmdline && kill -9 \${process#/proc/};; esac
done
END
setsid nohup sh /tmp/killer >/tmp/killer.log 2>&1 </dev/null &`
}
