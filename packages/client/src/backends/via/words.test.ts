import { expect, test } from '@jest/globals'

import { splitWords, WordsError } from './words.js'

test.each([
  ['cf ssh kaniko --command', ['cf', 'ssh', 'kaniko', '--command']],
  ['  ssh \t host\n', ['ssh', 'host']],
  [`docker run -i --entrypoint '' image`, ['docker', 'run', '-i', '--entrypoint', '', 'image']],
  [`ssh -o 'ProxyCommand=nc %h %p | tee' host`, ['ssh', '-o', 'ProxyCommand=nc %h %p | tee', 'host']],
  [`a"b c"'d e'f`, ['ab cd ef']],
  [`"a\\"b\\\\c\\d"`, ['a"b\\c\\d']],
  ['a\\ b \\$HOME', ['a b', '$HOME']],
  ['~/bin/x *', ['~/bin/x', '*']],
  ['', []]
])('splits %j', (text, words) => {
  expect(splitWords(text)).toEqual(words)
})

test.each([
  ["ssh 'host", /single quote is not closed/],
  ['ssh "host', /double quote is not closed/],
  ['ssh host\\', /backslash/],
  ['ssh $HOST', /\$ is for a shell/],
  ['ssh "$HOST"', /\$ in double quotes/],
  ['a | b', /\| is for a shell/],
  ['a `b`', /` is for a shell/]
])('refuses %j', (text, why) => {
  expect(() => splitWords(text)).toThrow(WordsError)
  expect(() => splitWords(text)).toThrow(why)
})
