/**
 * A script for a step: kills the next step of the action as nobody can prevent, once that has printed something of its build. What a step
 * prints lies in its pod before it is shown.
 *
 * @param words what the build says
 */
export function killerOf(words: string): string {
  return `cat > /tmp/killer <<'END'
until grep -qs '${words}' /__hook/*-*/[0-9]*; do sleep 0.2; done
for process in /proc/[0-9]*; do
  case $(readlink $process/exe) in */node) grep -q 'action/main.cjs' $process/cmdline && kill -9 \${process#/proc/};; esac
done
END
setsid nohup sh /tmp/killer >/tmp/killer.log 2>&1 </dev/null &`
}
