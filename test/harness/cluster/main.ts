import { messageOf } from './errors.js'
import { down, status, up } from './index.js'

const USAGE = 'Usage: npm run cluster -- up | down | status'

async function main(command = ''): Promise<number> {
  switch (command) {
    case 'up': {
      const { kubeconfig } = await up({ log: line => console.log(line) })
      console.log(`export KUBECONFIG=${kubeconfig}`)
      return 0
    }
    case 'down':
      await down()
      return 0
    case 'status':
      return printStatus()
    default:
      console.error(USAGE)
      return 2
  }
}

async function printStatus(): Promise<number> {
  const { ready, problem, kubeconfig, server, state, cache, processes } = await status()
  for (const { name, pid, running } of processes) console.log(`${name.padEnd(24)} ${running ? `pid ${pid}` : 'ended'}`)
  console.log(ready ? `The cluster is ready at ${server}.` : (problem ?? 'The cluster is not ready.'))
  if (kubeconfig !== undefined) console.log(`export KUBECONFIG=${kubeconfig}`)
  console.log(`state ${state}, cache ${cache}`)
  return ready ? 0 : 1
}

main(process.argv[2]).then(
  code => {
    process.exitCode = code
  },
  (error: unknown) => {
    console.error(messageOf(error))
    process.exitCode = 1
  }
)
