import { afterEach, describe, expect, test } from '@jest/globals'
import { RegistryClient } from './client.js'
import { answerProblem, type FakeRegistry, startFakeRegistry } from './registry.fixture.js'
import { removeImage } from './remove.js'

const DIGEST = `sha256:${'a'.repeat(64)}`
const IMAGE = { repository: 'kaniko-hooks/x', tag: 'built', digest: DIGEST }

let registry: FakeRegistry | undefined

afterEach(async () => {
  await registry?.stop()
})

type Rule = number | readonly [status: number, code: string]

/** A registry whose answers to DELETE by tag and by digest are given. */
async function clientOf(byTag: Rule, byDigest: Rule): Promise<RegistryClient> {
  registry = await startFakeRegistry((request, response) => {
    const rule = request.url?.endsWith(DIGEST) === true ? byDigest : byTag
    if (typeof rule === 'number') response.writeHead(rule).end()
    else answerProblem(response, rule[0], rule[1])
  })
  return new RegistryClient(registry.host, { plainHttp: true, pauseMs: 1 })
}

describe('the rules of real registries (reference/builders.md §5)', () => {
  const table: readonly (readonly [string, Rule, Rule, string])[] = [
    ['distribution 3', 202, 202, 'removed'],
    ['distribution 2.8', [400, 'DIGEST_INVALID'], 202, 'removed'],
    ['distribution 2.8, gone already', [400, 'DIGEST_INVALID'], [404, 'MANIFEST_UNKNOWN'], 'absent'],
    ['distribution, gone already', [404, 'MANIFEST_UNKNOWN'], [404, 'MANIFEST_UNKNOWN'], 'absent'],
    ['a registry that drops the manifest with its last tag', 202, [404, 'MANIFEST_UNKNOWN'], 'removed'],
    ['distribution with deletion disabled', [405, 'UNSUPPORTED'], [405, 'UNSUPPORTED'], 'unsupported'],
    ['GHCR', [405, 'UNSUPPORTED'], [405, 'UNSUPPORTED'], 'unsupported'],
    ['Harbor', [400, 'UNSUPPORTED'], 202, 'removed'],
    ['Docker Hub, still referenced by an index', 202, [403, 'DENIED'], 'refused'],
    ['Artifact Registry, another tag of it', 202, [400, 'GOOGLE_MANIFEST_DANGLING_TAG'], 'refused'],
    ['Quay, immutable tag', [409, 'TAG_IMMUTABLE'], 202, 'removed'],
    ['a registry that wants credentials', [401, 'UNAUTHORIZED'], [401, 'UNAUTHORIZED'], 'refused'],
    ['a broken registry', 500, 500, 'refused']
  ]

  test.each(table)('%s', async (_, byTag, byDigest, result) => {
    const client = await clientOf(byTag, byDigest)
    const removal = await removeImage(client, IMAGE)
    expect(removal.result).toBe(result)
    if (removal.result === 'unsupported' || removal.result === 'refused') expect(removal.why).toContain(client.host)
  })
})

test('without a digest the tag is looked up', async () => {
  registry = await startFakeRegistry((request, response) => {
    if (request.method === 'HEAD') response.writeHead(200, { 'docker-content-digest': DIGEST }).end()
    else response.writeHead(202).end()
  })
  const client = new RegistryClient(registry.host, { plainHttp: true })
  expect(await removeImage(client, { repository: 'a', tag: 'b' })).toEqual({ result: 'removed' })
  expect(registry.asked.at(-1)).toBe(`DELETE /v2/a/manifests/${DIGEST}`)
})

test('a tag that was never pushed is absent', async () => {
  expect(await removeImage(await clientOf(404, 404), { repository: 'a', tag: 'b' })).toEqual({ result: 'absent' })
  expect(registry?.asked).toEqual(['HEAD /v2/a/manifests/b'])
})

test('the tag goes first', async () => {
  await removeImage(await clientOf(202, 202), IMAGE)
  expect(registry?.asked).toEqual([
    'DELETE /v2/kaniko-hooks/x/manifests/built',
    `DELETE /v2/kaniko-hooks/x/manifests/${DIGEST}`
  ])
})

test('a registry that is gone is a refusal and not an exception', async () => {
  const client = await clientOf(202, 202)
  await registry?.stop()
  expect(await removeImage(client, IMAGE)).toMatchObject({ result: 'refused' })
})
