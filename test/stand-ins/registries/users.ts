import { randomBytes } from 'node:crypto'

import { run } from '../../harness/cluster/run.js'
import type { Credentials, Users } from './registry.js'

/**
 * Users with new passwords. The names and passwords have in them what trips up careless code: `$`, `+`, `:`, `%`, `=`.
 *
 * @param project whose they are, as Harbor names robot accounts
 */
export function newUsers(project = 'builds'): Users {
  const user = (username: string): Credentials => ({
    username,
    password: `canary-${randomBytes(12).toString('hex')}:$%+/=`
  })
  return {
    push: user(`robot$${project}+push`),
    pull: user(`robot$${project}+pull`),
    delete: user(`robot$${project}+delete`),
    admin: user('admin')
  }
}

/** `crypt` of Debian's C library knows bcrypt, and Perl, which every Debian has, lends it. */
const BCRYPT = 'while (<STDIN>) { chomp; my ($password, $salt) = split / /; print crypt($password, $salt), "\\n" }'
/** The least that bcrypt allows: each request to a registry with passwords costs one such hash. */
const COST = '05'
const SALT_CHARACTERS = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** The users' password file, as `htpasswd -B` writes it. */
export async function htpasswd(users: Users): Promise<string> {
  const list = Object.values(users)
  const input = list.map(({ password }) => `${password} $2y$${COST}$${salt()}\n`).join('')
  const hashes = (await run('perl', ['-e', BCRYPT], { input })).trim().split('\n')
  return list.map(({ username }, index) => `${username}:${hashes[index] ?? ''}\n`).join('')
}

/** The last of the 22 characters carries two bits only; `.` has the others zero. */
function salt(): string {
  return `${[...randomBytes(21)].map(byte => SALT_CHARACTERS.charAt(byte % 64)).join('')}.`
}
