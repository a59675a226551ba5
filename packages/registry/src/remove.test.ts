import { afterEach, describe, expect, test } from '@jest/globals'
import { answerChallenge, answerProblem, type FakeRegistry, startFakeRegistry } from '@kaniko-hooks/testing'
import { RegistryClient } from './client.js'
import { removeImage, type Removal } from './remove.js'

const DIGEST = `sha256:${'a'.repeat(64)}`
const IMAGE = { repository: 'kaniko-hooks/x', tag: 'built', digest: DIGEST }

let registry: FakeRegistry | undefined

afterEach(async () => {
  await registry?.stop()
})

/** How a registry answers a DELETE: status and error code, or status and a body that is no error of the specification. */
type Rule = number | readonly [status: number, code: string] | { readonly status: number; readonly text: string }

/** A registry whose answers to DELETE by tag and by digest are given. */
async function clientOf(byTag: Rule, byDigest: Rule): Promise<RegistryClient> {
  registry = await startFakeRegistry((request, response) => {
    const rule = request.url?.endsWith(DIGEST) === true ? byDigest : byTag
    if (typeof rule === 'number') response.writeHead(rule).end()
    else if ('text' in rule) response.writeHead(rule.status, { 'content-type': 'text/plain' }).end(rule.text)
    else answerProblem(response, rule[0], rule[1])
  })
  return new RegistryClient(registry.host, { plainHttp: true, pauseMs: 1 })
}

const GONE = [404, 'MANIFEST_UNKNOWN'] as const
const UNSUPPORTED = [405, 'UNSUPPORTED'] as const

describe('the rules of real registries (docs/notes/registries.md)', () => {
  const table: readonly (readonly [string, Rule, Rule, Removal['result'], RegExp?])[] = [
    ['distribution 2.8', [400, 'DIGEST_INVALID'], 202, 'removed'],
    ['distribution 2.8, gone already', [400, 'DIGEST_INVALID'], GONE, 'absent'],
    ['distribution 3', 202, 202, 'removed'],
    ['distribution 3, gone already', GONE, GONE, 'absent'],
    ['distribution 3, the tag is gone', GONE, 202, 'removed'],
    ['distribution with deletion disabled', UNSUPPORTED, UNSUPPORTED, 'unsupported', /STORAGE_DELETE_ENABLED=true/],
    ['distribution 3 as a cache', UNSUPPORTED, UNSUPPORTED, 'unsupported', /retention policy/],
    ['distribution, no right to delete', [401, 'UNAUTHORIZED'], 202, 'refused', /401/],
    ['Harbor', [400, 'UNSUPPORTED'], 202, 'removed'],
    ['Harbor, gone already', [400, 'UNSUPPORTED'], [404, 'NOT_FOUND'], 'absent'],
    ['Harbor, a robot without the right', [400, 'UNSUPPORTED'], [403, 'FORBIDDEN'], 'refused', /FORBIDDEN/],
    ['Harbor, an immutable tag', [400, 'UNSUPPORTED'], [412, 'PRECONDITION'], 'refused', /412 PRECONDITION/],
    ['Quay', 202, 202, 'removed'],
    ['Quay, no tag of it is left', 202, [404, 'MANIFEST_UNKNOWN'], 'removed'],
    ['Quay, an immutable tag', [409, 'TAG_IMMUTABLE'], [409, 'TAG_IMMUTABLE'], 'refused', /TAG_IMMUTABLE/],
    ['Docker Hub', 202, 202, 'removed'],
    ['Docker Hub, an index has it', 202, [403, 'DENIED'], 'refused', /its tag is removed, its layers stay.*DENIED/],
    ['Docker Hub, the tag cannot go', UNSUPPORTED, [403, 'DENIED'], 'refused', /did not delete the image: .*DENIED/],
    ['GHCR', UNSUPPORTED, UNSUPPORTED, 'unsupported', /retention policy/],
    ['ECR', 202, 202, 'removed'],
    ['ECR, its tag took the image along', 202, [404, 'MANIFEST_UNKNOWN'], 'removed'],
    ['ECR, by digest only', UNSUPPORTED, 202, 'removed'],
    [
      'ECR of old, which does not know the route',
      { status: 404, text: '404 page not found\n' },
      { status: 404, text: '404 page not found\n' },
      'unsupported',
      /404/
    ],
    ['Artifact Registry', 202, 202, 'removed'],
    ['Artifact Registry, another tag has it', 202, [400, 'GOOGLE_MANIFEST_DANGLING_TAG'], 'refused', /DANGLING/],
    ['Artifact Registry, no right to delete', [403, 'DENIED'], [403, 'DENIED'], 'refused', /DENIED/],
    ['ACR', UNSUPPORTED, 202, 'removed'],
    ['ACR, gone already', UNSUPPORTED, GONE, 'absent'],
    ['ACR, locked', UNSUPPORTED, UNSUPPORTED, 'unsupported', /retention policy/],
    ['GitLab', 202, 202, 'removed'],
    ['GitLab, gone already', [404, 'TAG_UNKNOWN'], GONE, 'absent'],
    ['a registry that limits the rate', [429, 'TOOMANYREQUESTS'], 202, 'refused', /429 TOOMANYREQUESTS/],
    ['a broken registry', 500, 500, 'refused', /500/]
  ]

  test.each(table)('%s', async (_, byTag, byDigest, result, ...[why]) => {
    const client = await clientOf(byTag, byDigest)
    const removal = await removeImage(client, IMAGE)
    expect(removal.result).toBe(result)
    if (removal.result !== 'unsupported' && removal.result !== 'refused') return
    expect(removal.why).toContain(client.host)
    expect(removal.why).toMatch(why ?? /never/)
  })
})

test('a credential that is not accepted is not shown for the digest too', async () => {
  registry = await startFakeRegistry((_, response) => answerChallenge(response, 'Basic realm="r"'))
  const credential = { username: 'robot', password: 'old' }
  const client = new RegistryClient(registry.host, { plainHttp: true, credential })
  expect(await removeImage(client, IMAGE)).toMatchObject({ result: 'refused' })
  expect(registry.headers.filter(headers => headers.authorization !== undefined)).toHaveLength(1)
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
