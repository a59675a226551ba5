import { createHash } from 'node:crypto'

/** The program that runs beside a job, as text: the build puts it in. */
declare const HELPER_PROGRAM: string

/** Exit code when what came is not what was announced: an exec's standard input may get lost. */
export const EXIT_SHORT = 97
/** Exit code when there is no node. */
export const EXIT_NO_NODE = 96

/** Reads the program from standard input, whose rest is the program's own. Constant, as audit logs record the command. */
const LOAD = `const f=require('fs'),c=require('crypto')
const take=n=>{const b=Buffer.alloc(n);for(let i=0;i<n;){let k;try{k=f.readSync(0,b,i,n-i,null)}catch(e){if(e.code!=='EAGAIN')throw e;continue}
if(k===0)process.exit(${EXIT_SHORT});i+=k}return b}
const length=take(4).readUInt32BE(0),sum=take(32),program=take(length)
if(!c.createHash('sha256').update(program).digest().equals(sum))process.exit(${EXIT_SHORT})
new Function('require','process',program.toString())(require,process)`

const START = `for node in /home/runner/externals/node*/bin/node; do [ -x "$node" ] && exec "$node" -e "$1"; done; exit ${EXIT_NO_NODE}`

/** The exec command that starts the program, by the node that the runner's image has. */
export const START_COMMAND: readonly string[] = ['sh', '-c', START, 'work', LOAD]

/** What goes to standard input before the first word. */
export function programBytes(): Buffer {
  const program = Buffer.from(HELPER_PROGRAM)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(program.length)
  return Buffer.concat([length, createHash('sha256').update(program).digest(), program])
}
