import { expect } from 'vitest'

import type { Simulator } from '../src/index.ts'

/** Posts, and leaves without an answer as soon as the request has arrived and been journalled. */
export async function postAndLeave({ url, journal }: Simulator, body: object): Promise<void> {
  const leave = new AbortController()
  const asked = fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    body: JSON.stringify(body),
    signal: leave.signal,
  }).then(
    () => 'answered',
    () => 'left',
  )
  await expect.poll(() => journal.totals().open).toBe(1)
  leave.abort()
  expect(await asked).toBe('left')
  await journal.settled()
}
