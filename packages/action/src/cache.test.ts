import { expect, test } from '@jest/globals'

import { readCache, type CacheInputs } from './cache.js'

function read(inputs: Partial<CacheInputs>): { repository: string | undefined; problems: string[]; notices: string[] } {
  const problems: string[] = []
  const notices: string[] = []
  const told = {
    problem: (sentence: string) => void problems.push(sentence),
    notice: (sentence: string) => void notices.push(sentence)
  }
  const all = {
    cache: 'auto',
    noCache: false,
    repository: '',
    from: [],
    to: [],
    tags: ['ghcr.io/acme/app:1'],
    ...inputs
  }
  return { repository: readCache(all, told), problems, notices }
}

test.each([
  [{}, undefined],
  [{ cache: 'true' }, 'ghcr.io/acme/app/cache'],
  [{ repository: 'ghcr.io/acme/layers' }, 'ghcr.io/acme/layers'],
  [{ repository: 'ghcr.io/acme/layers', cache: 'false' }, undefined],
  [{ repository: 'ghcr.io/acme/layers', noCache: true }, undefined],
  [{ from: ['type=registry,ref=ghcr.io/acme/other:buildcache'] }, 'ghcr.io/acme/other'],
  [{ from: ['ghcr.io/acme/other:x'], to: ['type=registry,ref=ghcr.io/acme/other:y,mode=max'] }, 'ghcr.io/acme/other'],
  // The image's own tags stay its own.
  [{ from: ['type=registry,ref=ghcr.io/acme/app:buildcache'] }, 'ghcr.io/acme/app/cache'],
  [{ repository: 'acme/layers' }, 'docker.io/acme/layers']
])('%j: layers in %s', (inputs, repository) => {
  expect(read(inputs)).toMatchObject({ repository, problems: [] })
})

test.each([
  [
    { from: ['type=gha'] },
    /`cache-from` has type=gha, but layers are cached in a registry alone: write `cache-repository`/
  ],
  [{ to: ['type=local,dest=/tmp/x'] }, /`cache-to` has type=local/],
  [{ to: ['type=registry'] }, /`cache-to` has no ref=/],
  [{ from: ['a/b'], to: ['a/c'] }, /name docker.io\/a\/b and docker.io\/a\/c; .*one repository/],
  [{ cache: 'yes' }, /`cache` is true, false or auto, not "yes"/],
  [{ cache: 'true', tags: [] }, /needs `cache-repository`/],
  [{ repository: 'ghcr.io/acme/layers:1' }, /without a tag/],
  [{ repository: 'ghcr.io/ACME' }, /`cache-repository`: .*lower case/],
  [{ cache: 'true', tags: ['docker.io/acme/app:1'] }, /write `cache-repository: acme\/app-cache`/]
])('%j: a problem', (inputs, problem) => {
  const { repository, problems } = read(inputs)
  expect(repository).toBeUndefined()
  expect(problems).toEqual([expect.stringMatching(problem)])
})

test('says which words of BuildKit mean nothing', () => {
  expect(read({ to: ['type=registry,ref=r.io/l,mode=max,compression=zstd,ignore-error=true'] }).notices).toEqual([
    "`cache-to`: compression, ignore-error means nothing to Kaniko's layers.",
    'Layers are kept in the repository r.io/l, each under a tag of its own.'
  ])
})

test('says where layers go that docker would keep under one tag', () => {
  expect(read({ from: ['ghcr.io/acme/other:x'] }).notices).toEqual([
    'Layers are kept in the repository ghcr.io/acme/other, each under a tag of its own.',
    '`cache-from` is written to as well; `no-cache: true` leaves the cache out.'
  ])
})
