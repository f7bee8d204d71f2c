// Copied into a folder where meepo is installed.
const began = performance.now()
await import('meepo')
const ms = performance.now()
process.stdout.write(JSON.stringify({ ms, importMs: ms - began, rssMb: process.memoryUsage.rss() / 1e6 }))
