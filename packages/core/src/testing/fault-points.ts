/** What happens at an armed point: throw, wait, or end the process. */
export type FaultAction = () => void | Promise<void>

/** Named places at which a test makes something go wrong. */
export interface FaultPoints {
  /** Called by the code under test whenever it passes the point. Gives back what the armed action gives. */
  readonly hit: (name: string) => void | Promise<void>
  /** Arms the point for one hit, after `skip` more that pass. Replaces what was armed there before. */
  readonly arm: (name: string, action: FaultAction, skip?: number) => void
  /** How often each point was hit, armed or not. */
  readonly counts: ReadonlyMap<string, number>
}

/** Creates fault points of which none is armed. */
export function createFaultPoints(): FaultPoints {
  const counts = new Map<string, number>()
  const armed = new Map<string, { readonly action: FaultAction; readonly atCount: number }>()
  return {
    counts,
    hit: (name) => {
      const count = (counts.get(name) ?? 0) + 1
      counts.set(name, count)
      const fault = armed.get(name)
      if (fault === undefined || count < fault.atCount) return undefined
      armed.delete(name)
      return fault.action()
    },
    arm: (name, action, skip = 0) => {
      armed.set(name, { action, atCount: (counts.get(name) ?? 0) + skip + 1 })
    },
  }
}
