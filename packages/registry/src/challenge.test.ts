import { describe, expect, test } from '@jest/globals'
import { parseChallenges } from './challenge.js'

function parsed(header: string): readonly (readonly [string, Record<string, string>])[] {
  return parseChallenges(header).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)] as const)
}

describe('RFC 9110, 11.6.1', () => {
  const table: readonly (readonly [string, string, ReturnType<typeof parsed>])[] = [
    ['nothing', '', []],
    ['nothing but separators', ' , ,\t', []],
    ['a scheme alone', 'Negotiate', [['negotiate', {}]]],
    ['a scheme in capitals', 'BASIC realm="x"', [['basic', { realm: 'x' }]]],
    ['a parameter without quotes', 'Basic realm=x', [['basic', { realm: 'x' }]]],
    ['a parameter in capitals', 'Basic REALM="x"', [['basic', { realm: 'x' }]]],
    ['blanks around the equals sign', 'Basic realm\t = "x"', [['basic', { realm: 'x' }]]],
    ['an empty value', 'Basic realm=""', [['basic', { realm: '' }]]],
    ['a token68', 'Negotiate a+/b==', [['negotiate', {}]]],
    [
      'commas and equals signs within quotes',
      'Bearer realm="https://a/t?x=1,y=2",scope="repository:a/b:pull,push"',
      [['bearer', { realm: 'https://a/t?x=1,y=2', scope: 'repository:a/b:pull,push' }]]
    ],
    ['escapes', String.raw`Basic realm="a \"b\" \\ c"`, [['basic', { realm: 'a "b" \\ c' }]]],
    ['a challenge within a quoted string', 'Basic realm="Bearer realm=x"', [['basic', { realm: 'Bearer realm=x' }]]],
    [
      'several challenges',
      'Newauth realm="apps", type=1, title="Login to \\"apps\\"", Basic realm="simple"',
      [
        ['newauth', { realm: 'apps', type: '1', title: 'Login to "apps"' }],
        ['basic', { realm: 'simple' }]
      ]
    ],
    [
      'schemes alone and with a token68 before others',
      'NTLM, Negotiate abc==,, Bearer realm="r" ,service="s"',
      [
        ['ntlm', {}],
        ['negotiate', {}],
        ['bearer', { realm: 'r', service: 's' }]
      ]
    ],
    ['the first of two parameters of a name', 'Basic realm="a", realm="b"', [['basic', { realm: 'a' }]]],
    ['several scopes as one list', 'Bearer scope="a:b:c", scope="d:e:f"', [['bearer', { scope: 'a:b:c d:e:f' }]]]
  ]

  test.each(table)('%s', (_, header, expected) => {
    expect(parsed(header)).toEqual(expected)
  })
})

describe('what does not fit is dropped, and what came before it stays', () => {
  test.each([
    ['a quoted string without end', 'Basic realm="x", Bearer realm="https://a', [['basic', { realm: 'x' }]]],
    ['a parameter without a value', 'Basic realm="x", Bearer service="s", realm=', [['basic', { realm: 'x' }]]],
    ['no scheme', '="x"', []],
    ['letters that no token has', 'Bearer realm="x", sérvice="s"', [['bearer', { realm: 'x' }]]]
  ])('%s', (_, header, expected) => {
    expect(parsed(header)).toEqual(expected)
  })

  test('a long header of nothing but quotes and commas is read', () => {
    expect(parsed(`${'Basic '.repeat(1000)}${'"'.repeat(4000)}`).length).toBeGreaterThan(0)
  })
})
