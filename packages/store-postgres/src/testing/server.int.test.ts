import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

test('a process that started a server ends with the code that it chose', async () => {
  const fixture = fileURLToPath(new URL('exit.fixture.ts', import.meta.url))
  const child = spawn(process.execPath, ['--conditions=meepo-source', fixture], { stdio: 'inherit' })
  expect(await once(child, 'close')).toEqual([3, null])
})
