import { defineAgent, defineTool, type Agent, type Model } from '@meepo/core'
import { number, object } from 'zod'
import { callsPerRun, maxOutputTokens } from './settings.ts'

const note = defineTool({
  name: 'note',
  description: 'Takes note of a turn.',
  effect: 'read',
  input: object({ turn: number() }),
  run: async ({ turn }) => ({ noted: turn }),
})

/** An agent that asks its model twenty times. */
export function soakAgent(model: string | Model): Agent<string, string> {
  return defineAgent({
    name: 'soak',
    instructions: 'Note every turn, then say done.',
    model,
    tools: [note],
    maxTurns: callsPerRun + 5,
    limits: { activeMs: 600_000 },
    settings: { maxOutputTokens },
    routing: { maxRetries: 5 },
  })
}

/** Never answers: whoever queues runs with it leaves them to others. */
export const silentModel: Model = {
  id: 'silent',
  call: (_request, { signal }) =>
    new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true })),
}
