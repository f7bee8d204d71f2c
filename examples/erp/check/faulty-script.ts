import type { SimulatorAnswer, SimulatorRequest } from '@meepo/simulator'

import { script as sound } from '../src/script/script.ts'

/**
 * The offline script behind a provider that is overloaded: about a tenth of all first tries are refused. With many more the
 * gateway would no longer repeat each of them: that makes an outage worse.
 */
export function script(request: SimulatorRequest): SimulatorAnswer {
  const isFirstTry = request.headers['x-meepo-attempt-id']?.endsWith('/1.1') === true
  if (isFirstTry && request.number % 16 === 0) return { fault: { kind: 'refuse', status: 429, retryAfter: 1 } }
  if (isFirstTry && request.number % 24 === 1) return { fault: { kind: 'refuse', status: 500 } }
  return sound(request)
}
