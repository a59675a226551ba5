// Shows what a JavaScript action sees, and ends with the exit code that is asked for.
const console = require('node:console')
const { appendFileSync, readFileSync, writeFileSync } = require('node:fs')
const { relative } = require('node:path')
const process = require('node:process')

const { env } = process
console.log(`who [${env.INPUT_WHO}] my input [${env.INPUT_MY_INPUT ?? env['INPUT_MY INPUT']}]`)
console.log(`directory [${relative(env.GITHUB_WORKSPACE, process.cwd())}] home ${env.HOME}`)
console.log(`node ${process.version.split('.')[0]} arguments ${process.argv.length - 2}`)
console.log(`standard input ${readFileSync(0).length} bytes`)
console.log(`event of ${JSON.parse(readFileSync(env.GITHUB_EVENT_PATH, 'utf8')).repository.full_name !== ''}`)
appendFileSync(env.GITHUB_OUTPUT, `said=Hello ${env.INPUT_WHO}\n`)
appendFileSync(env.GITHUB_ENV, 'FROM_NODE=left by node\n')
appendFileSync(env.GITHUB_STATE, 'kept=for the post step\n')
appendFileSync(env.GITHUB_STEP_SUMMARY, '# By node\n')
writeFileSync('made-by-node', 'content\n')
console.log('::warning file=README.md,line=1::a warning of the action')
process.exitCode = Number(env.INPUT_CODE)
