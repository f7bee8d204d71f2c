#!/usr/bin/env node
// The program. Everything else is loaded behind the version check: an older Node could not even read it.
const [major = 0] = process.versions.node.split('.').map(Number)
if (major < 24) {
  process.stderr.write(`meepo needs Node 24 or newer; this is Node ${process.versions.node}. See https://nodejs.org\n`)
  process.exitCode = 2
} else {
  const { enableCompileCache } = await import('node:module')
  enableCompileCache()
  const { runProgram } = await import('./program.ts')
  await runProgram(process.argv.slice(2))
}
