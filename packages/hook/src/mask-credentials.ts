import type { Call } from './call.js'
import { maskCommand } from './protocol/workflow-commands.js'
import type { RegistryArgs } from './protocol/schema.js'

/** Lets the runner blot out a container's credentials, in every form in which they travel, before anything could print them. */
export function maskCredentials(call: Call, registry: RegistryArgs | null | undefined): void {
  const { username, password } = registry ?? {}
  if (password == null || password === '') return
  call.print(maskCommand(password))
  call.print(maskCommand(Buffer.from(`${username ?? ''}:${password}`).toString('base64')))
}
