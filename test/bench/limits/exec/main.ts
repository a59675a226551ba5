import { WebSocket } from 'ws'

import { Api } from '../api.js'

/**
 * The least that a command in a container costs: start node, open TLS, one exec.
 *
 * Arguments: pod, container, command.
 */
const [pod = '', container = '', ...command] = process.argv.slice(2)
const api = new Api()
const query = new URLSearchParams({ container, stdout: 'true', stderr: 'true' })
for (const word of command) query.append('command', word)

const url = `wss://${api.host}:${api.port}${api.pods(pod, 'exec')}?${query.toString()}`
const socket = new WebSocket(url, ['v5.channel.k8s.io'], {
  ca: api.ca,
  headers: api.headers,
  perMessageDeflate: false,
  skipUTF8Validation: true
})
socket.on('message', (message: Buffer) => {
  const payload = message.subarray(1)
  if (message[0] === 3) end(payload.toString())
  else if (message[0] === 2) process.stderr.write(payload)
  else if (!process.stdout.write(payload)) {
    socket.pause()
    process.stdout.once('drain', () => socket.resume())
  }
})
socket.on('error', error => process.stderr.write(`${error.message}\n`))
socket.on('close', () => process.exit(1))

interface Status {
  readonly status: string
  readonly message?: string
  readonly details?: { readonly causes?: readonly { readonly reason: string; readonly message: string }[] }
}

function end(text: string): void {
  const { status, details, message } = JSON.parse(text) as Status
  const code = details?.causes?.find(({ reason }) => reason === 'ExitCode')?.message
  if (status !== 'Success' && code === undefined) process.stderr.write(`${message ?? text}\n`)
  process.stdout.write('', () => process.exit(status === 'Success' ? 0 : Number(code ?? 1)))
}
