import { seededRandom } from '@meepo/core'
import { createSimulator } from '@meepo/simulator'
import { createScript } from './model-script.ts'
import { rates, readSettings } from './settings.ts'

/*
 * The provider of a soak: prices, limits and faults of its own, and a journal on the disk. Lives as long as its parent.
 */

const { journal, seed, faults, tokensPerMinute } = readSettings()
const source = seededRandom(`simulator/${seed}`)
const simulator = await createSimulator({
  script: createScript(() => source.next(), faults),
  journalFile: journal,
  journalLimit: 1,
  prices: [{ model: '*', rates }],
  limits: [{ tokensPerMinute, burstSeconds: 2 }],
})
const sockets = { opened: 0 }
process.on('message', (message) => {
  if (message === 'report') process.send?.({ kind: 'report', limits: simulator.limits(), sockets: sockets.opened })
})
process.on('disconnect', () => process.exit(0))
process.send?.({ kind: 'ready', url: simulator.url })
