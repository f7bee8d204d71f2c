import { seededRandom } from '../chance.ts'
import type { SimulatorAnswer, SimulatorRequest, SimulatorScript } from '../script.ts'
import { messageText } from '../openai/chat-request.ts'
import type { Chance, RuleWindow, SimulatorRule } from './rule.ts'
import { seededAnswer } from './seeded-answer.ts'

/** What rules are played with. */
export interface RuleSettings {
  readonly seed: number
  /** Milliseconds since the simulator started. */
  readonly elapsedMs: () => number
}

/** A script that plays these rules. Steps are counted per rule. */
export function scriptOf(rules: readonly SimulatorRule[], { seed, elapsedMs }: RuleSettings): SimulatorScript {
  const taken = rules.map(() => 0)
  return (request) => {
    const random = seededRandom(seed, request.number)
    const elapsed = elapsedMs()
    for (const [index, rule] of rules.entries()) {
      if (!fits(rule, request) || !isOpen(rule.window, elapsed)) continue
      // Drawn for every rule that could apply, so that a rule does not shift the luck of the next request.
      if (random() >= chanceAt(rule.chance ?? 1, elapsed)) continue
      const step = stepAt(rule, taken[index] ?? 0)
      if (step === undefined) continue
      taken[index] = (taken[index] ?? 0) + 1
      return complete(step, seed, request)
    }
    return seededAnswer(seed, request)
  }
}

function complete(step: SimulatorAnswer, seed: number, request: SimulatorRequest): SimulatorAnswer {
  const isSaid = step.text !== undefined || step.toolCalls !== undefined
  if (isSaid || step.body !== undefined || step.chunks !== undefined || step.finishReason !== undefined) return step
  return { ...seededAnswer(seed, request), ...step }
}

function fits(rule: SimulatorRule, request: SimulatorRequest): boolean {
  const { route, provider, model, key, stream, contains } = rule
  return (
    (route === undefined || route === request.route) &&
    (provider === undefined || provider === request.provider) &&
    (model === undefined || model === request.model) &&
    (key === undefined || key === request.key) &&
    (stream === undefined || stream === request.stream) &&
    (contains === undefined || request.messages.some((message) => messageText(message).includes(contains)))
  )
}

/** True when the time lies in the window. */
export function isOpen(window: RuleWindow | undefined, elapsed: number): boolean {
  if (window === undefined) return true
  const { fromMs = 0, untilMs = Number.POSITIVE_INFINITY, everyMs, forMs } = window
  if (elapsed < fromMs || elapsed >= untilMs) return false
  return everyMs === undefined || forMs === undefined || (elapsed - fromMs) % everyMs < forMs
}

/** The chance at this time. */
export function chanceAt(chance: Chance, elapsed: number): number {
  if (typeof chance === 'number') return chance
  const { from, to, startMs, endMs } = chance
  const part = Math.min(1, Math.max(0, (elapsed - startMs) / Math.max(1, endMs - startMs)))
  return from + (to - from) * part
}

function stepAt({ steps = [{}], after = 'repeat' }: SimulatorRule, taken: number): SimulatorAnswer | undefined {
  if (taken < steps.length) return steps[taken]
  if (after === 'pass') return undefined
  return after === 'last' ? steps.at(-1) : steps[taken % steps.length]
}
