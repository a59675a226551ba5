import { expect, test } from '@jest/globals'
import { extraArguments } from './extra-arguments.js'

test('each is one word', () => {
  const words = ['--verbosity', 'debug', '--single-snapshot', '--ignore-path=/a b', '--reproducible', 'true']
  expect(extraArguments(words)).toEqual([
    '--verbosity=debug',
    '--single-snapshot',
    '--ignore-path=/a b',
    '--reproducible=true'
  ])
  expect(extraArguments([])).toEqual([])
})

test.each([
  '--destination',
  '--destination=r.example/other',
  '--context=dir:///',
  '--dockerfile=/etc/passwd',
  '--digest-file=/x',
  '--image-name-with-digest-file=/x',
  '--no-push',
  '--no-push=false',
  '--tar-path=/x',
  '--tarPath=/x',
  '--oci-layout-path=/x',
  '--force',
  '--kaniko-dir=/x'
])('%s is ours', word => {
  expect(() => extraArguments(['--verbosity=info', word])).toThrow(/is set by Kaniko Hooks itself/)
})

test.each(['--build-arg=A=b', '--target=x', '--secret=id=a,src=/kaniko/credentials/config.json', '--cache-repo=x'])(
  '%s has a setting of its own',
  word => {
    expect(() => extraArguments([word])).toThrow(/has a setting of its own/)
  }
)

test.each([
  ['a subcommand', ['push']],
  ['a word after a value', ['--verbosity=debug', 'push']],
  ['a short flag', ['-d', 'r.example/other']],
  ['a short flag in one word', ['-dr.example/other']],
  ['the end of flags', ['--']],
  ['a short flag as a value', ['--verbosity', '-d']],
  ['a flag with one dash', ['-destination=x']],
  ['nothing', ['']],
  ['a name with a space', ['--a b']],
  ['a name that begins with a line end', ['--\nforce']]
])('%s is refused', (_, words) => {
  expect(() => extraArguments(words)).toThrow(/is no argument of the engine/)
})

test('what is refused is the fault of who wrote it', () => {
  expect(() => extraArguments(['--force'])).toThrow(expect.objectContaining({ name: 'BuildError', fault: 'user' }))
})
