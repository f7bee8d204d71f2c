// The short form of `npm run sim`: enough to see that it runs, repeats itself, and would notice what it is there for.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')
const main = join(import.meta.dirname, 'sim/main.ts')

/** What is simulated is what npm users get: the builds. */
const environment = { ...process.env, NODE_OPTIONS: '' }

function sim(...options: readonly string[]): { status: number; output: string } {
  try {
    return {
      status: 0,
      output: execFileSync(process.execPath, [main, ...options], { encoding: 'utf8', env: environment }),
    }
  } catch (thrown) {
    // What execFileSync throws for a program that failed.
    const { status, stdout } = thrown as { status: number; stdout: string }
    return { status, output: stdout }
  }
}

beforeAll(() => {
  execFileSync(process.execPath, [join(root, 'node_modules/.bin/tsc'), '-b', join(root, 'tsconfig.build.json')])
})

test('a hundred and fifty seeds break no promise, and those that found something once find nothing', () => {
  const { status, output } = sim('--seeds', '150', '--kept')
  process.stdout.write(output)
  expect(output).toContain('no violation')
  expect(status).toBe(0)
})

test('the same seed gives the same trace', () => {
  const { status, output } = sim('--seed', '900', '--seeds', '5', '--twice')
  expect(output).toContain('5 of 5 seeds went the same way twice')
  expect(status).toBe(0)
})

test.each([
  ['no-fsync', 'no acknowledged event or delivery is lost'],
  ['unknown-retried', 'an effect that must not repeat is made at most once'],
  ['double-charge', 'the invoice equals the log and the attempts that were cut'],
])('the same harness fails when there is a bug: %s', (bug, rule) => {
  const { status, output } = sim('--bug', bug, '--seeds', '100')
  expect(output).toContain(rule)
  expect(status).toBe(1)
})
