// What a model wrote, read as a plan or refused. Nothing is guessed: a field that nobody knows is a mistake.

import type { Json } from '../base/json.ts'
import type { Plan, PlannedTask } from './plan.ts'

/** Reads a plan. What is wrong with it is added to `problems`, a line each. */
export function readPlan(value: unknown, problems: string[]): Plan | undefined {
  if (!isObject(value)) {
    problems.push('a plan is an object { tasks, answer? }')
    return undefined
  }
  const { tasks, answer, ...rest } = value
  for (const key of Object.keys(rest)) problems.push(`the plan has a field ${JSON.stringify(key)}, which nobody knows`)
  if (answer !== undefined && typeof answer !== 'string') problems.push('answer must be the id of a task')
  if (!Array.isArray(tasks) || tasks.length === 0) {
    problems.push('tasks must be a list with at least one task')
    return undefined
  }
  const read = tasks.flatMap((task: unknown, index) => readTask(task, index, problems) ?? [])
  return { tasks: read, ...(typeof answer === 'string' ? { answer } : {}) }
}

type Field = readonly [name: keyof PlannedTask, isRight: (value: unknown) => boolean, expected: string]

const fields: readonly Field[] = [
  ['purpose', isText, 'a text'],
  ['tool', isText, 'the name of a tool'],
  ['agent', isText, 'the name of an agent'],
  ['needs', isTexts, 'a list of task ids'],
  ['role', isRole, 'worker, aggregator or validator'],
  ['schema', isObject, 'a JSON Schema'],
  ['check', isText, 'a CEL expression'],
  ['expects', isText, 'a text'],
  ['alternatives', isTexts, 'a list of names of tools or agents'],
  ['optional', (value) => typeof value === 'boolean', 'true or false'],
]
const known: ReadonlySet<string> = new Set(['id', 'input', ...fields.map(([name]) => name)])

function readTask(value: unknown, index: number, problems: string[]): PlannedTask | undefined {
  if (!isObject(value) || !isText(value['id'])) {
    problems.push(`task number ${index + 1} must be an object with an id`)
    return undefined
  }
  const { id } = value
  for (const [name, isRight, expected] of fields) {
    const field = value[name]
    // Models write null for what they leave out.
    if (field !== undefined && field !== null && !isRight(field))
      problems.push(`task ${id}: ${name} must be ${expected}`)
  }
  for (const key of Object.keys(value)) {
    if (!known.has(key)) problems.push(`task ${id} has a field ${JSON.stringify(key)}, which nobody knows`)
  }
  const given = Object.entries(value).filter(
    ([key, field]) => key === 'input' || (field !== null && field !== undefined),
  )
  // The fields have the types that were checked just now, or a problem was told.
  return Object.fromEntries(given) as unknown as PlannedTask
}

function isObject(value: unknown): value is Readonly<Record<string, Json>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every(isText)
}

function isRole(value: unknown): boolean {
  return value === 'worker' || value === 'aggregator' || value === 'validator'
}
