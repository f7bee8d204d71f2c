import { parseArgs } from 'node:util'
import { formatFigure, isMissed, type Part } from './figure.ts'
import { openGround, type StoreKind } from './ground.ts'
import { agents } from './parts/agents.ts'
import { busy } from './parts/busy.ts'
import { share } from './parts/share.ts'
import { takeOver } from './parts/take-over.ts'
import { waits } from './parts/waits.ts'

/*
 * npm run scale                              every part on SQLite; exit 1 when a figure misses its hold
 * npm run scale -- --store postgres          on a PostgreSQL server of its own
 * npm run scale -- --only share,take-over    some parts
 */

const parts = new Map<string, Part>([
  ['share', share],
  ['take-over', takeOver],
  ['busy', busy],
  ['waits', waits],
  ['agents', agents],
])
const { values } = parseArgs({
  options: {
    store: { type: 'string', default: 'sqlite' },
    only: { type: 'string', default: [...parts.keys()].join() },
  },
})
if (values.store !== 'sqlite' && values.store !== 'postgres') throw new Error('--store is sqlite or postgres')
const store: StoreKind = values.store
let misses = 0
for (const name of values.only.split(',')) {
  const part = parts.get(name)
  if (!part) throw new Error(`no part ${name}; there are ${[...parts.keys()].join(', ')}`)
  const ground = await openGround(store)
  try {
    for (const figure of await part(ground)) {
      misses += isMissed(figure) ? 1 : 0
      process.stdout.write(`${formatFigure(figure)}\n`)
    }
  } finally {
    await ground.close()
  }
}
process.exitCode = misses === 0 ? 0 : 1
