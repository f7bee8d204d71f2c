import { seededRandom } from '../chance.ts'
import type { Fault } from '../fault.ts'
import type { SimulatorScript } from '../script.ts'
import { chanceAt, isOpen } from './rules.ts'
import type { RuleSettings } from './rules.ts'
import type { Chance, RuleWindow } from './rule.ts'

/** A fault that befalls answers, whatever says them. */
export interface SimulatorFault {
  readonly fault: Fault
  /** The seed decides, request by request. Default 1: always. */
  readonly chance?: Chance
  readonly window?: RuleWindow
}

/** Faults are drawn apart from rules: another stream of numbers for the same request. */
const SALT = 0x5bd1e995

/**
 * The same script with these faults added. At most one befalls an answer, the first that is drawn; one that has a fault
 * of its own keeps it.
 */
export function withFaults(
  script: SimulatorScript,
  faults: readonly SimulatorFault[],
  { seed, elapsedMs }: RuleSettings,
): SimulatorScript {
  if (faults.length === 0) return script
  return (request) => {
    const answer = script(request)
    const random = seededRandom(seed ^ SALT, request.number)
    const elapsed = elapsedMs()
    const draws = faults.map(
      ({ chance = 1, window }) => random() < chanceAt(chance, elapsed) && isOpen(window, elapsed),
    )
    const drawn = faults[draws.indexOf(true)]
    if (drawn === undefined) return answer
    if (answer instanceof Promise) return answer.then((later) => ({ fault: drawn.fault, ...later }))
    return { fault: drawn.fault, ...answer }
  }
}
