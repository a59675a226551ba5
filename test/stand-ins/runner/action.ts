import { readFile, stat } from 'node:fs/promises'
import { NoOperationTraceWriter } from '@actions/workflow-parser'
import { parseAction } from '@actions/workflow-parser/actions/index'
import { RunnerError } from './error.js'
import { asExpression, fields, items, literalText, readTemplate } from './template.js'
import type { Template } from './template.js'
import { readStep } from './workflow.js'
import type { Step } from './workflow.js'

/** A container action. `image` is as written: `Dockerfile`, `docker://image`. */
export interface ContainerRuns {
  readonly using: 'docker'
  readonly image: string
  readonly entrypoint?: string
  readonly args?: readonly Template[]
  readonly env?: Template
  readonly pre?: string
  readonly preIf: string
  readonly post?: string
  readonly postIf: string
}

/** A JavaScript action; paths are relative to the action's directory. */
export interface NodeRuns {
  readonly using: 'node'
  readonly version: string
  readonly main: string
  readonly pre?: string
  readonly preIf: string
  readonly post?: string
  readonly postIf: string
}

/** A composite action. */
export interface CompositeRuns {
  readonly using: 'composite'
  readonly steps: readonly Step[]
  readonly outputs: ReadonlyMap<string, Template>
}

export type Runs = ContainerRuns | NodeRuns | CompositeRuns

/** What the runner needs of an action. */
export interface Action {
  readonly directory: string
  /** Inputs with their default, in order; undefined means no default. */
  readonly inputs: ReadonlyMap<string, Template | undefined>
  readonly runs: Runs
}

/**
 * The action in a directory: action.yml, action.yaml or a bare Dockerfile, in this order, as the runner looks for it.
 *
 * @param directory kept as given: the runner does not normalise `/home/runner/_work/r/r/./x`, and hooks see that path
 * @throws RunnerError ACTION when there is none, WORKFLOW when its manifest is not valid
 */
export async function readAction(directory: string): Promise<Action> {
  for (const name of ['action.yml', 'action.yaml']) {
    const content = await readFile(`${directory}/${name}`, 'utf8').catch(() => undefined)
    if (content !== undefined) return parseManifest(directory, { name: `${directory}/${name}`, content })
  }
  for (const name of ['Dockerfile', 'dockerfile']) {
    if (await isFile(`${directory}/${name}`)) {
      return {
        directory,
        inputs: new Map(),
        runs: { using: 'docker', image: name, preIf: 'always()', postIf: 'always()' }
      }
    }
  }
  throw new RunnerError(
    'ACTION',
    `Can't find 'action.yml', 'action.yaml' or 'Dockerfile' under '${directory}'. Did you forget to run actions/checkout before running your local action?`
  )
}

function parseManifest(directory: string, file: { readonly name: string; readonly content: string }): Action {
  const parsed = parseAction(file, new NoOperationTraceWriter())
  // The runner, unlike the Marketplace, demands neither a name nor a description.
  const errors = parsed.context.errors
    .getErrors()
    .map(error => error.message)
    .filter(message => !/Required property is missing: (name|description)$/.test(message))
  if (errors.length > 0 || parsed.value === undefined) {
    throw new RunnerError('WORKFLOW', `The action is not valid. ${errors.join('; ')}`)
  }
  const manifest = fields(readTemplate(file.content))
  const runs = fields(manifest.get('runs'))
  return {
    directory,
    inputs: new Map([...fields(manifest.get('inputs'))].map(([id, input]) => [id, fields(input).get('default')])),
    runs: readRuns(runs, manifest.get('outputs'))
  }
}

function readRuns(runs: ReadonlyMap<string, Template>, outputs: Template | undefined): Runs {
  const text = (key: string) => literalText(runs.get(key)) ?? ''
  const stages = (pre: string, post: string) => ({
    ...(text(pre) === '' ? {} : { pre: text(pre) }),
    preIf: asExpression(runs.get('pre-if')) || 'always()',
    ...(text(post) === '' ? {} : { post: text(post) }),
    postIf: asExpression(runs.get('post-if')) || 'always()'
  })
  const using = text('using')
  if (using === 'docker') {
    const env = runs.get('env')
    return {
      using,
      image: text('image'),
      ...(text('entrypoint') === '' ? {} : { entrypoint: text('entrypoint') }),
      ...(runs.has('args') ? { args: items(runs.get('args')) } : {}),
      ...(env === undefined ? {} : { env }),
      ...stages('pre-entrypoint', 'post-entrypoint')
    }
  }
  if (using === 'composite') {
    const values = [...fields(outputs)].flatMap(([id, output]) => {
      const value = fields(output).get('value')
      return value === undefined ? [] : [[id, value] as const]
    })
    return { using, steps: items(runs.get('steps')).map(readStep), outputs: new Map(values) }
  }
  return { using: 'node', version: using, main: text('main'), ...stages('pre', 'post') }
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    found => found.isFile(),
    () => false
  )
}
