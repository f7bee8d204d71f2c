// The simulator's side of W8: asks for a tool until the turns are used up. Loaded by the simulator's process.

import type { SimulatorScript } from '@meepo/simulator'

/** Model calls of one agent. */
export const turns = 5

/**
 * Reads where a conversation stands from its messages. The simulator's process loads it by its path.
 * @public
 */
export const script: SimulatorScript = ({ messages }) => {
  const turn = messages.reduce((count, { role }) => (role === 'assistant' ? count + 1 : count), 1)
  if (turn >= turns) return { text: 'done' }
  return { toolCalls: [{ name: 'add', arguments: { a: turn, b: 0 } }] }
}
