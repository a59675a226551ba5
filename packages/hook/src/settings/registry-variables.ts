import { VARIABLE, type Environment } from './environment.js'
import { HookError } from '../report/errors.js'
import type { DestinationSettings } from './schema.js'

/**
 * The destination that the variables name: the three of decision 34 of the shipped hooks, or those of the shipped hooks' Kaniko branch for a remote
 * registry.
 *
 * @throws HookError SETTING that names every variable that is missing or no port
 */
export function destinationOfVariables(environment: Environment): DestinationSettings {
  const { registryHost, registryPort, registryNodePort, remoteHost, remoteHandle, remoteSecret } = environment
  const local = [registryHost, registryPort, registryNodePort].some(value => value !== undefined)
  const remote = [remoteHost, remoteHandle, remoteSecret].some(value => value !== undefined)
  if (local && remote) {
    throw problem(`Both ${VARIABLE.registryHost} and ${VARIABLE.remoteHost} are set; unset one of them.`)
  }
  return remote ? remoteDestination(environment) : nodePortDestination(environment)
}

function nodePortDestination({ registryHost, registryPort, registryNodePort }: Environment): DestinationSettings {
  const port = portNumber(registryPort)
  const nodePort = portNumber(registryNodePort)
  const missing = [
    ...(registryHost === undefined ? [`${VARIABLE.registryHost} (the registry's service name)`] : []),
    ...(port === undefined ? [`${VARIABLE.registryPort} (the service's port)`] : []),
    ...(nodePort === undefined ? [`${VARIABLE.registryNodePort} (the port on every node)`] : [])
  ]
  if (registryHost === undefined || port === undefined || nodePort === undefined) {
    throw problem(
      `Not set, or not a port: ${missing.join(', ')}. Set them on the runner container in the Helm values, or name a ` +
        `destination in the settings file (${VARIABLE.settingsPath}).`
    )
  }
  return { nodePort: { host: registryHost, port, nodePort } }
}

function remoteDestination({ remoteHost, remoteHandle, remoteSecret }: Environment): DestinationSettings {
  const missing = [
    ...(remoteHost === undefined ? [VARIABLE.remoteHost] : []),
    ...(remoteHandle === undefined ? [VARIABLE.remoteHandle] : []),
    ...(remoteSecret === undefined ? [VARIABLE.remoteSecret] : [])
  ]
  if (remoteHost === undefined || remoteHandle === undefined || remoteSecret === undefined) {
    throw problem(`Not set: ${missing.join(', ')}.`)
  }
  const repository = `${remoteHost}/${remoteHandle}/kaniko-hooks-actions`
  return { remote: { repository, pushSecret: remoteSecret, pullSecret: remoteSecret, plainHttp: false } }
}

function problem(why: string): HookError {
  const need = "This step's image is built from a Dockerfile and needs a registry."
  return new HookError('SETTING', `${need} ${why}`)
}

function portNumber(text: string | undefined): number | undefined {
  const port = Number(text)
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined
}
