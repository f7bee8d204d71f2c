import type { AnyDefinition, Created } from '@meepo/core'
import type { Fleet } from './fleet.ts'
import type { Birth } from './new-run.ts'

/** How a new run is to be driven. */
export interface CreateRunOptions {
  readonly definition: AnyDefinition
  /** It goes into the queue of the store, whoever has room. */
  readonly mustQueue: boolean
  readonly isPreviewed: boolean
  /**
   * It is driven while its creation is on its way to the disk, and whatever leaves the process waits for that. In this order
   * both go in one write.
   */
  readonly mayBeginEarly: boolean
}

/** Creates a run, and drives it if there is room. Throws what the store throws. */
export async function createRun(fleet: Fleet, birth: Birth, options: CreateRunOptions): Promise<void> {
  const { definition, mustQueue, isPreviewed, mayBeginEarly } = options
  const { log } = fleet.store
  const scope = { tenant: birth.run.tenant }
  if (mustQueue || !fleet.takeRoom()) {
    await log.create(scope, birth.run, [birth.created])
    fleet.claimSoon()
    return
  }
  const { engine } = fleet
  const create = (): Promise<Created> => log.create(scope, birth.run, [birth.created], engine)
  if (mayBeginEarly) {
    // The first owner of a run has epoch 1.
    const run = fleet.adopt(birth, definition, 1, isPreviewed)
    try {
      await fleet.newcomers.during(birth.run.runId, create)
    } catch (thrown) {
      if (run) fleet.abandon(run)
      throw thrown
    }
    return
  }
  try {
    await fleet.newcomers.during(birth.run.runId, async () => {
      const created = await create()
      // Others own it since when this engine was taken for dead meanwhile.
      if (created.kind === 'created' && engine === fleet.engine) {
        fleet.adopt(birth, definition, created.epoch, isPreviewed)
      } else fleet.returnRoom(engine)
    })
  } catch (thrown) {
    fleet.returnRoom(engine)
    throw thrown
  }
}
