import { posix } from 'node:path'

import type { V1Container } from '@kaniko-hooks/kube'
import { VARIABLE } from '@kaniko-hooks/hook/settings'

import type { Finding } from './finding.js'
import { sourceOf } from './mounts.js'
import { runnerOf, type Values, variablesOf } from './runner.js'

export const HOOKS = 'ACTIONS_RUNNER_CONTAINER_HOOKS'
const REQUIRED = 'ACTIONS_RUNNER_REQUIRE_JOB_CONTAINER'
const IMAGE = 'ACTIONS_RUNNER_IMAGE'

/** The shipped hooks of the runner's image. */
const SHIPPED = /^\/home\/runner\/k8s(-novolume)?\//
const WORK = '/home/runner/_work'

/** Variables of ours that a person may set. */
const OURS = ['KANIKO_HOOKS_CONFIG', 'KANIKO_HOOKS_OPERATOR_LOG', 'KANIKO_HOOKS_SERVICE_ACCOUNT_DIR']

/** Checks the values by themselves, without a cluster. */
export function checkValues(values: Values): Finding[] {
  const runner = runnerOf(values)
  const mode = checkMode(values)
  if (runner === undefined) {
    const says = 'template.spec.containers has no container "runner"; only that one runs the hook.'
    return [
      ...mode,
      { check: 'values runner', state: 'failed', says, mend: 'template.spec.containers[0].name: runner' }
    ]
  }
  return [...mode, ...checkHook(values, runner), ...checkVariables(values), ...checkPaths(values)]
}

function checkMode({ containerMode, template }: Values): Finding[] {
  const check = 'values containerMode'
  const type = containerMode?.type
  const mend = 'containerMode: { type: kubernetes, kubernetesModeWorkVolumeClaim: … } # or type: kubernetes-novolume'
  if (type !== 'kubernetes' && type !== 'kubernetes-novolume') {
    const found = type === undefined || type === '' ? 'is not set' : `is ${JSON.stringify(type)}`
    return [
      { check, state: 'failed', says: `containerMode.type ${found}: the runner uses no container hook then.`, mend }
    ]
  }
  if (type === 'kubernetes-novolume')
    return [{ check, state: 'ok', says: 'containerMode.type is kubernetes-novolume.' }]
  if (containerMode?.kubernetesModeWorkVolumeClaim === undefined) {
    const says = 'containerMode.kubernetesModeWorkVolumeClaim is missing; the chart refuses such values.'
    const claim =
      'kubernetesModeWorkVolumeClaim: { accessModes: [ReadWriteOnce], storageClassName: …, resources: { requests: { storage: 10Gi } } }'
    return [{ check, state: 'failed', says, mend: claim }]
  }
  const group = template?.spec?.securityContext?.fsGroup
  if (group === undefined) {
    const says =
      'template.spec.securityContext.fsGroup is not set: the work volume belongs to root, and the runner is not root.'
    return [{ check, state: 'warning', says, mend: 'template.spec.securityContext: { fsGroup: 1001 }' }]
  }
  return [{ check, state: 'ok', says: 'containerMode.type is kubernetes, with a work volume.' }]
}

function checkHook(values: Values, { image }: V1Container): Finding[] {
  const variables = variablesOf(values)
  const path = variables[HOOKS] ?? ''
  const make = (state: Finding['state'], says: string, mend: string): Finding => ({
    check: 'values hook',
    state,
    says,
    mend
  })
  const line = `- { name: ${HOOKS}, value: /opt/kaniko-hooks/index.js } # in env of the container runner`
  const findings: Finding[] = []
  if (path === '')
    findings.push(make('failed', `${HOOKS} is not set on the container runner: the shipped hook would run.`, line))
  else if (SHIPPED.test(path)) findings.push(make('failed', `${HOOKS} is ${path}, the shipped hook.`, line))
  else if (!path.startsWith('/')) findings.push(make('failed', `${HOOKS} is ${path}, which is no absolute path.`, line))
  else findings.push({ check: 'values hook', state: 'ok', says: `The runner runs ${path}.` })
  const other = variables[IMAGE]
  if (other !== undefined && other !== image) {
    const says = `${IMAGE} is ${other}, but the container runner has the image ${image ?? '(none)'}: helpers of the hook would run another one.`
    findings.push({
      check: 'values runner image',
      state: 'warning',
      says,
      mend: `leave out ${IMAGE}: the hook reads the image of its own pod`
    })
  }
  if (variables[REQUIRED] === 'false') {
    const says = `${REQUIRED} is false: steps of jobs without container: run in the runner's pod, with its rights.`
    findings.push({ check: 'values job container', state: 'warning', says, mend: `leave out ${REQUIRED}` })
  }
  return findings
}

function checkVariables(values: Values): Finding[] {
  return Object.keys(variablesOf(values))
    .filter(name => name.startsWith('KANIKO_HOOKS_') && !OURS.includes(name))
    .map(name => ({
      check: 'values variables',
      state: 'warning' as const,
      says: `${name} is no variable of this hook.`,
      mend: `one of ${OURS.join(', ')}`
    }))
}

/** Whether each file that a variable names lies in a volume, and where no job can write. */
function checkPaths(values: Values): Finding[] {
  const variables = variablesOf(values)
  return [HOOKS, VARIABLE.settingsPath, VARIABLE.templatePath].flatMap((name): Finding[] => {
    const path = variables[name]
    if (path === undefined || path === '' || SHIPPED.test(path)) return []
    const check = `values ${name}`
    if (posix.normalize(path).startsWith(`${WORK}/`)) {
      const says = `${path} lies below ${WORK}, where jobs can write: a job could replace what the runner runs.`
      return [{ check, state: 'failed', says, mend: 'mountPath: /opt/kaniko-hooks' }]
    }
    const source = sourceOf(values, path)
    if (source.kind === 'image') {
      const says = `${path} is in none of the volumes of the container runner; it has to be in its image.`
      return [
        {
          check,
          state: 'warning',
          says,
          mend: 'volumeMounts: [{ name: kaniko-hooks, mountPath: /opt/kaniko-hooks, readOnly: true }]'
        }
      ]
    }
    if (source.kind === 'missing') {
      const says = `${path} is in the volume ${source.volume}, which template.spec.volumes does not have.`
      return [
        {
          check,
          state: 'failed',
          says,
          mend: `volumes: [{ name: ${source.volume}, configMap: { name: kaniko-hooks } }]`
        }
      ]
    }
    return []
  })
}
