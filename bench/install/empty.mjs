// The floor: a process that imports nothing.
const ms = performance.now()
const rssMb = process.memoryUsage.rss() / 1e6
process.stdout.write(JSON.stringify({ ms, importMs: 0, rssMb }))
