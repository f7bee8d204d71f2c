import { createMeepo } from 'meepo'

/** What the log of all runs holds at one moment. Steps are named as their idempotency keys are. */
export interface Durable {
  readonly completed: ReadonlySet<string>
  /** Begun, and neither completed nor failed. */
  readonly open: ReadonlySet<string>
  /** Completed steps that were calls of the model. */
  readonly answers: number
  readonly agents: number
}

/** Reads a database that nobody drives. No engine joins it, and nothing is written. */
export async function readDurable(database: string, agentNames: ReadonlySet<string>): Promise<Durable> {
  const meepo = await createMeepo({ store: database })
  try {
    const { log } = meepo.store
    const completed = new Set<string>()
    const open = new Set<string>()
    const models = new Set<string>()
    let agents = 0
    for (const { runId, definition } of await log.runs('system')) {
      if (agentNames.has(definition)) agents++
      for (const event of await log.read('system', runId)) {
        if (event.type !== 'step.started' && event.type !== 'step.completed') continue
        const key = `${runId}/${event.data.number}`
        if (event.type === 'step.started') {
          open.add(key)
          if (event.data.meta?.kind === 'model') models.add(key)
        } else {
          open.delete(key)
          completed.add(key)
        }
      }
    }
    return { completed, open, answers: [...models].filter((key) => completed.has(key)).length, agents }
  } finally {
    await meepo.stop()
  }
}
