import { expect, test } from '@jest/globals'

import { readAnnotations, readBuildArgs, readLabels } from './key-values.js'

test('an argument without a value takes that of the environment, or is left out', () => {
  const problems: string[] = []
  const args = readBuildArgs(['A=1=2', 'HOME', 'NOWHERE', 'EMPTY='], { HOME: '/h' }, sentence =>
    problems.push(sentence)
  )
  expect(args).toEqual({ A: '1=2', HOME: '/h', EMPTY: '' })
  expect(problems).toEqual([])
})

test.each(['=x', 'a b=1'])('%j is no argument', element => {
  const problems: string[] = []
  expect(readBuildArgs([element], {}, sentence => problems.push(sentence))).toEqual({})
  expect(problems).toEqual(['`build-args` has a line that is not KEY=VALUE'])
})

test('a label may have any value, or none', () => {
  const problems: string[] = []
  expect(readLabels(['a=b=c "d"', 'bare', '=x'], sentence => problems.push(sentence))).toEqual({
    a: 'b=c "d"',
    bare: ''
  })
  expect(problems).toEqual(['`labels` has a line without a name: "=x"'])
})

test('annotations of the manifest are kept, and those of an index are left out with a notice', () => {
  const notices: string[] = []
  const problems: string[] = []
  const annotations = readAnnotations(
    [
      'org.example.plain=a:b',
      'manifest:org.example.m=1',
      'manifest,index:org.example.both=2',
      'manifest[linux/amd64]:org.example.platform=3',
      'index:org.example.index=4',
      'manifest-descriptor:org.example.descriptor=5',
      'unknown:key=6',
      'no pair'
    ],
    sentence => problems.push(sentence),
    sentence => notices.push(sentence)
  )
  expect(annotations).toEqual({
    'org.example.plain': 'a:b',
    'org.example.m': '1',
    'org.example.both': '2',
    'org.example.platform': '3',
    'unknown:key': '6'
  })
  expect(notices).toEqual([
    'Annotations are set on the manifest alone; left out: org.example.index, org.example.descriptor.'
  ])
  expect(problems).toEqual(['`annotations` has a line that is not KEY=VALUE: "no pair"'])
})
