// The JSON Schema of graphs as data: what the validator checks, and what editors are given.

import type { JsonObject } from '../../base/json.ts'

const text: JsonObject = { type: 'string', minLength: 1 }
const expression = (description: string): JsonObject => ({ ...text, description: `${description} A CEL expression.` })
const dollars: JsonObject = { type: ['number', 'string'], description: 'Dollars: 0.25 or "$5".' }
const above0 = (description: string): JsonObject => ({ type: 'number', exclusiveMinimum: 0, description })
const count = (description: string): JsonObject => ({ type: 'integer', minimum: 1, description })
const schema = (description: string): JsonObject => ({
  type: ['object', 'boolean'],
  description: `${description} A JSON Schema.`,
})
const flag = (description: string): JsonObject => ({ type: 'boolean', description })
const names = (description: string): JsonObject => ({ type: 'array', items: text, uniqueItems: true, description })
const object = (properties: JsonObject, required: readonly string[] = [], more: JsonObject = {}): JsonObject => ({
  type: 'object',
  properties,
  ...(required.length > 0 ? { required } : {}),
  additionalProperties: false,
  ...more,
})
const mapOf = (of: JsonObject, description: string): JsonObject => ({
  type: 'object',
  additionalProperties: of,
  description,
})
const mapping = (description: string): JsonObject => ({
  description: `${description} Texts that begin with = are CEL expressions.`,
})

const retry = object({
  maxAttempts: count('All tries, the first included.'),
  initialMs: { type: 'number', minimum: 0 },
  factor: { type: 'number', minimum: 1 },
  maxMs: { type: 'number', minimum: 0 },
  codes: names('Only errors of these codes are tried again.'),
})

const rollback: JsonObject = {
  anyOf: [object({ run: text }, ['run']), object({ function: text }, ['function'])],
  description: 'What undoes the task when the graph has failed after it.',
}

const settings: JsonObject = {
  description: { type: 'string' },
  needs: names('Tasks that must be done before this one starts.'),
  join: {
    anyOf: [{ enum: ['all', 'any', 'settled'] }, object({ atLeast: count('How many.') }, ['atLeast'])],
    description: 'Which of its needs a task waits for; all unless said.',
  },
  joinWithinMs: above0('How long to wait for the needs, from the start of the first of them.'),
  when: expression('False skips the task.'),
  input: mapping('The input of the task; the item or the input of the graph unless said.'),
  forEach: expression('Gives a list; the task runs once for each item.'),
  concurrency: count('Items at one time.'),
  optionalItems: flag('An item that fails leaves null in its place.'),
  repeat: object({ until: expression('Asked after each round.'), maxTimes: count('The most rounds.') }, [
    'until',
    'maxTimes',
  ]),
  output: schema('What the result must be.'),
  optional: flag('A failure of the task does not fail the graph.'),
  onRollback: rollback,
  retry,
  timeoutMs: above0('For one try.'),
  budget: dollars,
  priority: { type: 'number', description: 'Higher goes first.' },
  deadlineMs: above0('When it should be done, from the start of the graph.'),
  uses: mapOf({ type: 'number', exclusiveMinimum: 0 }, 'Units of pools that it takes while it runs.'),
  expects: object({ ms: { type: 'number', minimum: 0 }, dollars: { type: 'number', minimum: 0 } }),
}

const work: JsonObject = {
  run: { ...text, description: 'The name of an agent, a graph or another definition.' },
  tool: { ...text, description: 'The name of a tool.' },
  function: { ...text, description: 'The name of a function.' },
  effect: {
    enum: ['read', 'idempotent', 'once', 'irreversible'],
    description: 'What repeating the function would do.',
  },
  signal: { ...text, description: 'The name of a signal to wait for.' },
  schema: schema('What must come with the signal.'),
  timer: { type: ['number', 'string'], description: 'Milliseconds to wait, or a CEL expression that begins with =.' },
  graph: { $ref: '#/$defs/graph', description: 'A graph of its own.' },
}

/** What a task does: one key of these. */
export const workKeys = ['run', 'tool', 'function', 'signal', 'timer', 'graph'] as const

const task = object({ ...work, ...settings }, [], { oneOf: workKeys.map((key) => ({ required: [key] })) })

const agent = object(
  {
    instructions: text,
    model: { ...text, description: 'provider:model, or an alias.' },
    description: { type: 'string' },
    tools: names('Names of tools.'),
    input: schema('What the agent takes; a text unless said.'),
    output: schema('What the answer must be; a text unless said.'),
    maxTurns: count('Model turns.'),
    budget: dollars,
  },
  ['instructions', 'model'],
)

const limits = object({
  activeMs: above0('Time with open bodies.'),
  deadlineAt: { type: 'number' },
  maxTurns: count('Model turns of an agent.'),
  picoDollars: { type: 'string' },
  unpriced: { enum: ['deny', 'assume_ceiling', 'allow_flagged'] },
})

const ms = (description: string): JsonObject => ({ type: 'number', minimum: 0, description })

const schedule = object(
  {
    cron: { ...text, description: 'Five fields, or six with the second in front: 0 7 * * MON-FRI.' },
    timeZone: { ...text, description: 'An IANA name; UTC unless said.' },
    missed: { enum: ['skip', 'latest', 'all'], description: 'What becomes of missed fires; latest unless said.' },
    maxMissed: { type: 'integer', minimum: 1, maximum: 1_000, description: 'Of all: how many at most.' },
    graceMs: ms(
      'How late a fire of skip may be started, and of latest one that a later one follows; 60000 unless said.',
    ),
    overlap: { enum: ['allow', 'skip'], description: 'While the run of the fire before is going on.' },
    tenant: { ...text, description: 'Whose runs they are; default unless said.' },
    input: { description: 'The input of the runs; null unless said.' },
  },
  ['cron'],
  { description: 'When a workflow runs. Only of the outermost graph.' },
)

const retention = object(
  { completedMs: ms('Of runs that completed.'), failedMs: ms('Of runs that failed or were cancelled.') },
  [],
  { description: 'How long ended runs stay; for ever unless said. Only of the outermost graph.' },
)

const graph = object(
  {
    $schema: { type: 'string', description: 'For editors.' },
    name: text,
    version: text,
    description: { type: 'string' },
    input: schema('What the graph takes; anything unless said.'),
    agents: mapOf({ $ref: '#/$defs/agent' }, 'Agents that only this graph knows, by name.'),
    tasks: { ...mapOf({ $ref: '#/$defs/task' }, 'By id.'), minProperties: 1 },
    output: mapping('The result of the graph; the results by task unless said.'),
    maxParallel: { type: 'integer', minimum: 1, maximum: 1_000, description: 'Tasks at one time.' },
    pools: mapOf({ type: 'number', exclusiveMinimum: 0 }, 'What tasks share, and how much of it there is.'),
    onFailure: { enum: ['continue', 'stop'] },
    reportPartials: flag('Tells each result when it is there.'),
    budget: dollars,
    limits,
    schedule,
    retention,
    priority: { type: 'integer', description: 'Higher goes first, where runs wait for room.' },
    deadlineMs: above0('How long a run may take from its start, waits included.'),
  },
  ['name', 'tasks'],
)

/** The JSON Schema of graphs as data. */
export const graphDataJsonSchema: JsonObject = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'A graph of Meepo',
  $ref: '#/$defs/graph',
  $defs: { graph, task, agent },
}
