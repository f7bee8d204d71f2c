import { checkFault } from '../check-fault.ts'
import { badOption } from '../failure.ts'
import { isRecord } from '../value.ts'
import type { Chance, RuleWindow, SimulatorRule } from './rule.ts'
import type { SimulatorFault } from './with-faults.ts'

/** Throws `simulator.bad_option`, naming the field, for a rule that could not be played. */
export function checkRules(rules: readonly SimulatorRule[], name: string): void {
  for (const [index, { steps = [], after = 'repeat', chance, window }] of rules.entries()) {
    const at = `${name}[${index}]`
    if (!['repeat', 'last', 'pass'].includes(after)) throw badOption(`${at}.after`, 'repeat, last or pass')
    checkTimes(chance, window, at)
    for (const [number, step] of steps.entries()) {
      if (!isRecord(step)) throw badOption(`${at}.steps[${number}]`, 'an answer')
      if (step.fault !== undefined) checkOneFault(step.fault, `${at}.steps[${number}].fault`)
    }
  }
}

/** The same for faults. */
export function checkFaults(faults: readonly SimulatorFault[], name: string): void {
  for (const [index, { fault, chance, window }] of faults.entries()) {
    checkOneFault(fault, `${name}[${index}].fault`)
    checkTimes(chance, window, `${name}[${index}]`)
  }
}

function checkOneFault(fault: unknown, at: string): void {
  const problem = checkFault(fault)
  if (problem !== undefined) throw badOption(at, `a fault: ${problem}`)
}

function checkTimes(chance: Chance | undefined, window: RuleWindow | undefined, at: string): void {
  const shares = typeof chance === 'object' ? [chance.from, chance.to] : [chance ?? 1]
  if (!shares.every((share) => share >= 0 && share <= 1)) throw badOption(`${at}.chance`, 'from 0 to 1')
  const grown = typeof chance === 'object' ? [chance.startMs, chance.endMs] : []
  const times = [...grown, ...Object.values(window ?? {})]
  if (!times.every((time) => Number.isFinite(time) && time >= 0)) throw badOption(at, 'given times from 0 up')
  if (window?.everyMs !== undefined && window.forMs === undefined) {
    throw badOption(`${at}.window`, 'given `forMs` with `everyMs`')
  }
}
