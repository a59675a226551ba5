// Shows the state that the main stage left.
const console = require('node:console')
const process = require('node:process')

console.log(`state [${process.env.STATE_kept}] who [${process.env.INPUT_WHO}]`)
