import { expect, test } from '@jest/globals'
import { scriptContents, shellArguments, shellOf } from './shell.js'

test.each([
  ['', 'sh', '-e /x.sh', '.sh'],
  ['bash', 'bash', '--noprofile --norc -e -o pipefail /x.sh', '.sh'],
  ['pwsh', 'pwsh', `-command ". '/x.sh'"`, '.ps1'],
  ['python', 'python', '/x.sh', '.py'],
  ['bash -l {0} -v', 'bash', '-l /x.sh -v', '.sh'],
  ['perl -w {0}', 'perl', '-w /x.sh', '']
])('shell %j', (option, command, args, extension) => {
  const shell = shellOf(option)
  expect([shell.command, shellArguments(shell, '/x.sh'), shell.extension]).toEqual([command, args, extension])
})

test.each(['zsh', 'bash -l'])('shell %j is refused', option =>
  expect(() => shellOf(option)).toThrow('Invalid shell option')
)

test('PowerShell scripts stop on errors and pass the last exit code on', () => {
  expect(scriptContents(shellOf('pwsh'), 'ls')).toMatch(/^\$ErrorActionPreference = 'stop'\nls\nif .*LASTEXITCODE/)
  expect(scriptContents(shellOf('bash'), 'ls')).toBe('ls')
})
