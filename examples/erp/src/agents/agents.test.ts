import { expect, test } from 'vitest'
import { toJSONSchema } from 'zod'

import { allTools } from '../tools/all-tools.ts'
import { jobs } from '../jobs.ts'
import { monthEnd } from '../workflows/month-end.ts'

const roles = Object.values(monthEnd).flatMap((tasks) => tasks.map((task) => task.agent))

test('every job has its agent', () => {
  expect(roles.map((role) => role.job).toSorted()).toEqual(jobs.map((job) => job.name).toSorted())
})

test.each(roles)('$name is told every kind it may report, with its values, and has only tools that exist', (role) => {
  const kinds = jobs.find((job) => job.name === role.job)?.kinds ?? {}
  for (const [kind, { texts = [], numbers = [] }] of Object.entries(kinds)) {
    const told = new RegExp(`${kind} \\{([^}]*)\\}`).exec(role.instructions)?.[1]
    expect([
      kind,
      told
        ?.split(',')
        .map((name) => name.split(':')[0]?.trim())
        .filter(Boolean)
        .toSorted(),
    ]).toEqual([kind, [...texts, ...numbers].toSorted()])
  }
  for (const name of role.toolNames) expect(allTools.map((tool) => tool.name)).toContain(name)
  expect(role.instructions.startsWith(`Role: ${role.name}\n`)).toBe(true)
})

test('every tool is used by some agent', () => {
  expect(allTools.filter((tool) => !roles.some((role) => role.toolNames.includes(tool.name)))).toEqual([])
})

test('a finding with other values than those of its kind is refused', () => {
  const stock = roles.find((role) => role.name === 'stock-keeper')
  const answer = (values: object): unknown => ({
    findings: [{ kind: 'overstock', subject: 'I-1', values, note: '' }],
    problems: [],
  })
  expect(stock?.output.safeParse(answer({ onHand: 2, maximum: 1 })).success).toBe(true)
  expect(stock?.output.safeParse(answer({ onHand: 2 })).success).toBe(false)
  expect(stock?.output.safeParse(answer({ onHand: 2, maximum: 1, more: 1 })).success).toBe(false)
})

test('every object that a model has to write names all its fields, as strict providers demand', () => {
  const check = (schema: unknown): void => {
    if (Array.isArray(schema)) for (const part of schema) check(part)
    if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return
    if ('type' in schema && schema.type === 'object') expect(schema).toMatchObject({ additionalProperties: false })
    for (const part of Object.values(schema)) check(part)
  }
  for (const role of roles) check(toJSONSchema(role.output))
})
