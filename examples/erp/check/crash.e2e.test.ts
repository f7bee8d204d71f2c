import { expect, test } from 'vitest'

import { runDemoProcess } from './demo-process.ts'
import { temporaryFolder } from './temporary-folder.ts'

test('a run that is killed on the way and in the report loses and repeats nothing that was durable', async () => {
  using folder = temporaryFolder()
  const { code, stdout, stderr } = await runDemoProcess(folder.path, '--crash', '--kills', '2', '--json')
  expect({ code, stderr }).toMatchObject({ code: 0 })
  const { violations, kills, fromLog, repeats, inFlight } = JSON.parse(stdout)
  expect(violations).toEqual([])
  expect(kills).toHaveLength(2)
  expect(fromLog).toBeGreaterThanOrEqual(0.3)
  expect(repeats).toBeLessThanOrEqual(inFlight)
})
