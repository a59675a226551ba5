import { expect, test } from '@jest/globals'
import { mergeScopes, repositoryScope } from './scope.js'

test('a repository and what is done with it', () => {
  expect(repositoryScope('a/b', ['pull', 'push'])).toBe('repository:a/b:pull,push')
})

test.each([
  ['nothing is asked', 'repository:a:pull', undefined, ['repository:a:pull']],
  ['the same is asked', 'repository:a:pull', 'repository:a:pull', ['repository:a:pull']],
  ['less is asked', 'repository:a:pull,push,delete', 'repository:a:delete', ['repository:a:pull,push,delete']],
  ['more is asked', 'repository:a:pull', 'repository:a:pull,push', ['repository:a:pull,push']],
  ['all is asked', 'repository:a:pull', 'repository:a:*', ['repository:a:pull,*']],
  [
    'another one is asked',
    'repository:p/a:pull',
    'repository:a:pull registry:catalog:*',
    ['repository:p/a:pull', 'repository:a:pull', 'registry:catalog:*']
  ],
  ['a name with a port', 'repository:h:5000/a:pull', 'repository:h:5000/a:push', ['repository:h:5000/a:pull,push']],
  ['what is asked makes no sense', 'repository:a:pull', 'x  y', ['repository:a:pull']]
])('%s', (_, needed, asked, expected) => {
  expect(mergeScopes(needed, asked)).toEqual(expected)
})
