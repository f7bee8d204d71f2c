// The short form of `npm run torture`: enough to see that it runs and that nothing obvious broke.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const main = join(import.meta.dirname, 'torture/main.ts')

function torture(...options: readonly string[]): { status: number; output: string } {
  const args = ['--conditions=meepo-source', main, '--quiet', '--seed', '7', ...options]
  try {
    return { status: 0, output: execFileSync(process.execPath, args, { encoding: 'utf8' }) }
  } catch (thrown) {
    // What execFileSync throws for a program that failed.
    const { status, stdout } = thrown as { status: number; stdout: string }
    return { status, output: stdout }
  }
}

test('ten kills lose nothing and double nothing', () => {
  const { status, output } = torture('--kills', '10')
  process.stdout.write(output)
  expect(output).toContain('no violation')
  expect(status).toBe(0)
})

test('kills of workers and of the server of PostgreSQL lose nothing and double nothing', () => {
  const { status, output } = torture('--store', 'postgres', '--kills', '4', '--database-kills', '2')
  process.stdout.write(output)
  expect(output).toContain('no violation')
  expect(status).toBe(0)
})

test('kills of workers and of the Restate server that brings their runs lose nothing and double nothing', () => {
  const options = ['--store', 'postgres', '--engine', 'restate', '--kills', '2', '--server-kills', '1']
  const { status, output } = torture(...options)
  process.stdout.write(output)
  expect(output).toContain('no violation')
  expect(status).toBe(0)
})

test('the same harness fails when a step that must not repeat is repeated after a crash', () => {
  const { status, output } = torture('--bug', 'unknown-retried')
  expect(output).toContain('an effect that must not repeat is made at most once')
  expect(status).toBe(1)
})
