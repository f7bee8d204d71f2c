import { simulate } from './simulate.ts'
const [, , from = '1', count = '1', show] = process.argv
const t = performance.now()
process.on('unhandledRejection', (e) => {
  console.error('UNHANDLED', e)
  process.exit(3)
})
let events = 0
const faults = new Map<string, number>()
for (let i = 0; i < Number(count); i++) {
  const s = await simulate(String(Number(from) + i), undefined)
  events += s.happened
  for (const [k, v] of s.faults) faults.set(k, (faults.get(k) ?? 0) + v)
  if (show) console.log(s.trace.lines.join('\n'))
  if (s.violations.length || count === '1')
    console.log(
      s.seed,
      s.digest.slice(0, 8),
      s.happened,
      s.logged,
      s.runs,
      s.crashes,
      (s.virtualMs / 1000).toFixed(0),
      s.violations.slice(0, 5),
    )
}
console.log(performance.now() - t, events, faults)
