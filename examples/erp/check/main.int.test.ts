import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'

function check(...args: string[]): { status: number | null; stdout: string } {
  return spawnSync(process.execPath, ['--conditions=meepo-source', join(import.meta.dirname, 'main.ts'), ...args], {
    encoding: 'utf8',
  })
}

test('companies that nobody has seen get perfect reports', { timeout: 90_000 }, () => {
  const { status, stdout } = check('--seeds', '2', '--first', '101')
  expect(stdout).toContain('precision and recall 1.0 in all sixteen jobs')
  expect(status).toBe(0)
})

test('a tool that answers {} makes the check fail', { timeout: 90_000 }, () => {
  const { status, stdout } = check('--seeds', '1', '--first', '103', '--stub', 'demand_history')
  expect(stdout).toContain('1 of 1 companies with wrong reports')
  expect(status).toBe(1)
})

test('a tool that does not exist is refused', () => {
  expect(check('--stub', 'nothing').status).toBe(2)
})
