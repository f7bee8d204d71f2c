import type { SimulatorAnswer, SimulatorScript } from '@meepo/simulator'

/** Tools that a clerk uses in its two turns. */
const turns: readonly (readonly string[])[] = [
  ['look', 'file', 'stamp'],
  ['check', 'note', 'pay'],
]

/**
 * A model that never answers the same twice. It calls the tools it is offered in two turns and then ends; some of its
 * answers get lost or refused.
 */
export function createScript(random: () => number): SimulatorScript {
  return ({ messages, tools }): SimulatorAnswer => {
    const latency = { headersMs: 20 + random() * 120 }
    const chance = random()
    if (chance < 0.02) return { fault: { kind: 'refuse', status: 503 }, latency }
    if (chance < 0.03) return { text: '{"amount":1}', fault: { kind: 'reset', billed: true }, latency }
    const amount = Math.floor(random() * 1e9)
    if (tools.length === 0) return { text: JSON.stringify({ amount }), latency }
    const turn = turns[messages.filter((message) => message.role === 'assistant').length]
    if (!turn) return { text: `done ${amount}`, latency }
    return { toolCalls: turn.map((name) => ({ name, arguments: { amount: Math.floor(random() * 1e9) } })), latency }
  }
}
