// A registry mirror may not serve the builds of a tool for other platforms. npm then leaves those optional
// packages out of the lock file, and `npm ci` refuses it. This adds the entries that an open registry gives:
// optional, restricted to their platform, never fetched elsewhere. Run it after `npm install` changed the lock file.
import { readFileSync, writeFileSync } from 'node:fs'

const OS = ['darwin', 'linux', 'win32', 'android', 'openharmony', 'freebsd', 'openbsd', 'netbsd', 'sunos', 'aix']
const CPU = ['arm64', 'x64', 'ia32', 'arm', 'ppc64', 's390x', 'riscv64', 'loong64', 'wasm32', 'mips64el']

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'))
let added = 0
for (const [path, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const nested = `${path}/node_modules/${name}`
    const top = `node_modules/${name}`
    if (lock.packages[nested] !== undefined || lock.packages[top] !== undefined) continue
    const words = name.split(/[/-]/)
    const os = OS.filter(word => words.includes(word))
    const cpu = CPU.filter(word => words.includes(word))
    if (os.length === 0) continue
    lock.packages[top] = { version, cpu: cpu.length > 0 ? cpu : ['arm'], dev: entry.dev === true, optional: true, os }
    added += 1
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)))
writeFileSync('package-lock.json', `${JSON.stringify(lock, null, 2)}\n`)
process.stdout.write(`${added} entries added\n`)
