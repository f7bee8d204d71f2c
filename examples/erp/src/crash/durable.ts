import { createMeepo } from 'meepo'

/** What the log of all runs holds at one moment. Steps are named as their idempotency keys are. */
export interface Durable {
  readonly completed: ReadonlySet<string>
  /** Begun, and neither completed nor failed. */
  readonly open: ReadonlySet<string>
  readonly agents: number
}

/** Reads a database that nobody drives. No engine joins it, and nothing is written. */
export async function readDurable(database: string, agentNames: ReadonlySet<string>): Promise<Durable> {
  const meepo = await createMeepo({ store: database })
  try {
    const { log } = meepo.store
    const completed = new Set<string>()
    const open = new Set<string>()
    let agents = 0
    for (const { runId, definition } of await log.runs('system')) {
      if (agentNames.has(definition)) agents++
      for (const event of await log.read('system', runId)) {
        if (event.type === 'step.started') open.add(`${runId}/${event.data.number}`)
        if (event.type !== 'step.completed') continue
        open.delete(`${runId}/${event.data.number}`)
        completed.add(`${runId}/${event.data.number}`)
      }
    }
    return { completed, open, agents }
  } finally {
    await meepo.stop()
  }
}
