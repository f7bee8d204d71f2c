import { readFileSync } from 'node:fs'

import { script } from '../src/script/script.ts'

/**
 * Answers the requests on standard input, one JSON per line, in a process that may read nothing but the code of the script. Says
 * first whether that is so: the argument names a file that must be out of reach.
 */
const forbidden = process.argv[2] ?? ''
let isSealed = false
try {
  readFileSync(forbidden)
} catch (error) {
  isSealed = error instanceof Error && 'code' in error && error.code === 'ERR_ACCESS_DENIED'
}
process.stdout.write(`${JSON.stringify({ isSealed })}\n`)
let input = ''
process.stdin.setEncoding('utf8')
for await (const chunk of process.stdin) input += String(chunk)
for (const line of input.split('\n')) {
  if (line !== '') process.stdout.write(`${JSON.stringify(script(JSON.parse(line)))}\n`)
}
