import { defineAgent, type Agent } from '@meepo/core'
import type { Bench, Case, Figure, Workload } from '../harness/workload.ts'
import { alternate, timed } from '../harness/rounds.ts'
import { chunkModel, chunks, textLength } from '../platform/chunks.ts'
import { openPlatform, type Platform, type StoreKind } from '../platform/platform.ts'

const count = 2_000

/** What it costs to watch an answer being written. */
export const w5: Workload = {
  id: 'w5',
  title: 'A stream of 2,000 chunks, from the start of the run to its last event',
  cases: [stream('memory', () => 0.3), stream('durable', (diskMs) => diskMs + 0.5)],
}

function stream(kind: StoreKind, firstHoldMs: (diskMs: number) => number): Case {
  return { name: kind, measure: (bench) => measure(kind, firstHoldMs(bench.diskMs), bench) }
}

interface Watched extends Readonly<Record<string, number>> {
  readonly perChunk: number
  readonly cpu: number
  readonly firstMs: number
}

async function measure(kind: StoreKind, firstHoldMs: number, bench: Bench): Promise<readonly Figure[]> {
  const agent = defineAgent({ name: 'writer', instructions: 'Write.', model: chunkModel(count) })
  const platform = await openPlatform(kind, bench)
  const watch = async (run: (seen: Seen) => Promise<void>): Promise<Watched> => {
    const seen = new Seen()
    const { wallMs, cpuMs } = await timed(() => run(seen))
    return { perChunk: (wallMs / count) * 1_000, cpu: (cpuMs / count) * 1_000, firstMs: seen.firstMs() }
  }
  const { meepo, bare } = await alternate(bench.isQuick ? { rounds: 1, warmUp: 0 } : { rounds: 101, warmUp: 100 }, {
    meepo: () => watch((seen) => watchRun(platform, agent, seen)),
    bare: () => watch(watchBare),
  })
  await platform.close()
  const isDurable = kind === 'durable'
  return [
    {
      case: kind,
      value: meepo.perChunk,
      unit: 'µs/chunk',
      floor: bare.perChunk,
      hold: 2,
      isDurable,
      cpu: meepo.cpu,
    },
    { case: `${kind}, first chunk`, value: meepo.firstMs, unit: 'ms', floor: null, hold: firstHoldMs, isDurable },
  ]
}

/** What a consumer has got, since it was made. */
class Seen {
  readonly #began = performance.now()
  #firstMs = 0
  #length = 0

  add(text: string): void {
    if (this.#length === 0) this.#firstMs = performance.now() - this.#began
    this.#length += text.length
  }

  firstMs(): number {
    if (this.#length !== textLength(count)) throw new Error(`${this.#length} characters came`)
    return this.#firstMs
  }
}

async function watchRun({ engine }: Platform, agent: Agent<string, string>, seen: Seen): Promise<void> {
  const handle = await engine.start(agent, 'go', { isPreviewed: true })
  for await (const event of handle.stream()) {
    if (event.type === 'text') seen.add(event.text)
    else if (event.type === 'error') throw new Error(event.error.message)
  }
}

async function watchBare(seen: Seen): Promise<void> {
  for await (const text of chunks(count)) seen.add(text)
}
