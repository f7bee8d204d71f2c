import { definitionKey, type RunSummary, type Store } from '@meepo/core'

/**
 * Tells of which definition (`name@version`) a run waits for the code, because no process on the store has it. Undefined for one
 * that waits for something else, and while there is no process at all.
 */
export async function missingCode({ leases }: Store): Promise<(run: RunSummary) => string | undefined> {
  const isServed = (await leases.engines()).length > 0
  const offered = new Set(await leases.offered())
  return ({ definition: name, version, status }) => {
    const key = definitionKey({ name, version })
    const isOpen = status === 'queued' || status === 'waiting'
    return isServed && isOpen && !offered.has(key) ? key : undefined
  }
}
