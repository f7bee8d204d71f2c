import type { Fault, SimulatorAnswer, SimulatorScript } from '@meepo/simulator'
import { callsPerRun, maxOutputTokens } from './settings.ts'

/**
 * What goes wrong. Only faults after which both sides know what was billed: of an answer that got lost on its way only the
 * provider knows the price (the connection was reset, the body was cut): such a line is an estimate, and says so.
 */
const faults: readonly Fault[] = [
  { kind: 'refuse', status: 500 },
  { kind: 'refuse', status: 503 },
  { kind: 'refuse', status: 529 },
  { kind: 'refuse', status: 429, retryAfterMs: 150 },
  { kind: 'error-event', afterChunks: 0, status: 500 },
]

/** Asks for a note until the run has made its calls. Tokens vary with the request; some were cached, some are reasoning. */
export function createScript(random: () => number, faultShare: number): SimulatorScript {
  return ({ messages }): SimulatorAnswer => {
    const latency = { headersMs: 10 + random() * 60 }
    if (random() < faultShare) {
      const fault = faults[Math.floor(random() * faults.length)]
      if (fault) return { fault, latency }
    }
    const inputTokens = 40 + 12 * messages.length
    const outputTokens = 10 + Math.floor(random() * (maxOutputTokens - 10))
    const usage = {
      inputTokens,
      outputTokens,
      cachedInputTokens: Math.floor(inputTokens * random() * 0.5),
      reasoningTokens: Math.floor(outputTokens * random() * 0.5),
    }
    const turn = messages.filter(({ role }) => role === 'assistant').length + 1
    if (turn >= callsPerRun) return { text: 'done', usage, latency }
    return { toolCalls: [{ name: 'note', arguments: { turn } }], usage, latency }
  }
}
