// A second process on the file of the money workload: `PATH PREFIX CALLERS MS KIND`. Says `ready`, begins when it is told
// to, and says how many pairs it wrote.

import { once } from 'node:events'
import { openSqliteStore } from '@meepo/store-sqlite'
import { runPairs } from '../pairs.ts'

const [path = '', prefix = '', callers = '', ms = '', kind = ''] = process.argv.slice(2)
const store = await openSqliteStore({ path })
process.stdout.write('ready\n')
await once(process.stdin, 'data')
const pairs = await runPairs(store, {
  prefix,
  callers: Number(callers),
  ms: Number(ms),
  kind: kind === 'bare' ? 'bare' : 'ledger',
})
await store.close()
process.stdout.write(`${pairs}\n`)
process.stdin.destroy()
