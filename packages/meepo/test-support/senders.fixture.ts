// A process that sends messages to a session, several at a time. Arguments: the file, the base of the simulator, the
// name of the sender, how many messages, and the policy. Prints a line when it is ready, waits for a line, sends, and
// prints the numbers that its messages got.

import { once } from 'node:events'
import { price, talker } from './talker.ts'
import { createMeepo, type BusyPolicy } from '../src/index.ts'

const [store = '', url = '', name = '', count = '1', policy = 'queue'] = process.argv.slice(2)
const meepo = await createMeepo({
  store,
  env: {},
  providers: { sim: { kind: 'openai-compatible', baseURL: `${url}/v1`, apiKey: 'any' } },
  prices: { overrides: [price] },
  idleMs: 0,
  beatMs: 100,
  missedBeats: 10,
})
const session = meepo.session(talker(), { sessionId: 'shared', actor: name })
process.stdout.write('ready\n')
await once(process.stdin, 'data')
const replies = await Promise.all(
  Array.from({ length: Number(count) }, (_, index) =>
    // Given on the command line.
    session.send(`${name}-${index}`, { messageId: `${name}-${index}`, policy: policy as BusyPolicy }),
  ),
)
process.stdout.write(`${JSON.stringify(replies)}\n`)
await meepo.stop()
process.exit()
