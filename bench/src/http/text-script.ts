// The simulator's side of W9: answers with a text of many chunks. Loaded by the simulator's process.

import type { SimulatorScript } from '@meepo/simulator'

/**
 * The simulator's process loads it by its path.
 * @public
 */
export const script: SimulatorScript = ({ messages }) => ({ text: `${messages.length} messages. `.repeat(20) })
