import { expect, test } from 'vitest'
import { testHash } from '../testing/test-machine.ts'
import { define } from '../run/definition.ts'
import { anySchema } from '../base/schema.ts'
import { restVersion, schedulerVersion } from './run-ids.ts'
import type { Schedule } from './schedule.ts'
import { defineWorkflow } from './workflow.ts'

const cron = '@daily'

function versionOf(schedule?: Schedule, version = '1'): string {
  const graph = define({ name: 'work', version, input: anySchema, run: async () => 1 })
  return schedulerVersion(testHash, defineWorkflow({ graph, ...(schedule ? { schedule } : {}) }))
}

test('schedulers have the same version when they start the same', () => {
  expect(versionOf({ cron, input: { a: 1, b: 2 } })).toBe(versionOf({ cron, input: { b: 2, a: 1 } }))
  expect(versionOf({ cron, input: null })).toBe(versionOf({ cron }))
  // Whether two functions give the same nobody can know.
  expect(versionOf({ cron, input: () => 1 })).toBe(versionOf({ cron, input: () => 2 }))
})

test('another version, schedule or input is another version of its schedulers', () => {
  const versions = [
    versionOf({ cron }),
    versionOf({ cron }, '2'),
    versionOf({ cron: '@hourly' }),
    versionOf({ cron, overlap: 'skip' }),
    versionOf({ cron, input: 1 }),
    versionOf({ cron, input: () => 1 }),
    versionOf({ cron, input: { isFunction: true } }),
    versionOf(),
  ]
  expect(new Set(versions).size).toBe(versions.length)
  expect(versions.at(-1)).toBe(restVersion)
})

test('an input that is no JSON is refused, and named', () => {
  expect(() => versionOf({ cron, input: { big: 1n } })).toThrow(/workflow work: schedule.input: must be JSON/)
})
