// Each stage shows the state of those before and adds to it.
const console = require('node:console')
const { appendFileSync } = require('node:fs')
const process = require('node:process')

const { INPUT_NAME, STATE_stages, GITHUB_STATE } = process.env
console.log(`${INPUT_NAME} after [${STATE_stages ?? ''}]`)
appendFileSync(GITHUB_STATE, `stages=${STATE_stages ?? ''}+\n`)
