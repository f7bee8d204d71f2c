import { array, boolean, custom, literal, record, strictObject, string, number, union, type ZodType } from 'zod'

const callable = custom<unknown>((value) => typeof value === 'function', 'must be a function')
const object = custom<object>((value) => typeof value === 'object' && value !== null, 'must be an object')
const count = number().int().min(1).optional()

const keptMs = custom<number>(
  (value) => typeof value === 'number' && value >= 0,
  'must be milliseconds from 0',
).optional()

const definition = custom<object>(
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    'name' in value &&
    typeof value.name === 'string' &&
    'version' in value &&
    'input' in value &&
    'run' in value &&
    typeof value.run === 'function',
  'must be made by defineAgent, defineGraph or define',
)

const tool = custom<unknown>(
  (value) => typeof value === 'object' && value !== null && 'name' in value && 'effect' in value && 'spec' in value,
  'must be made by defineTool or asTool',
)

/** What a configuration looks like from outside; an unknown field is refused, as it is most often a typing error. */
export const configShape: ZodType<unknown> = strictObject({
  definitions: array(definition).optional(),
  workflows: array(definition).optional(),
  registry: strictObject({
    tools: array(tool).optional(),
    functions: record(string(), callable).optional(),
  }).optional(),
  store: union([string().min(1), object], 'must be the path of a database file, "memory" or a Store').optional(),
  engine: union([literal('embedded'), object], 'must be "embedded" or a Dispatcher').optional(),
  archive: union([string().min(1), object], 'must be a folder, "s3://BUCKET/PREFIX" or an Archive').optional(),
  models: object.optional(),
  providers: record(string(), object).optional(),
  aliases: record(string(), string()).optional(),
  modelTimeoutMs: count,
  modelIdleTimeoutMs: count,
  env: object.optional(),
  fetch: callable.optional(),
  onWarning: callable.optional(),
  onNotice: callable.optional(),
  budgets: array(object).optional(),
  limits: array(object).optional(),
  alerts: array(object).optional(),
  routes: record(string(), object).optional(),
  maxRetries: number().int().min(0).optional(),
  retry: object.optional(),
  prices: object.optional(),
  priceCards: array(object).optional(),
  limiter: object.optional(),
  healthBoard: object.optional(),
  firstContentMs: count,
  usefulTokens: count,
  concurrency: count,
  maxConcurrentWorkflows: count,
  idleMs: number().int().min(0).optional(),
  beatMs: count,
  missedBeats: count,
  machine: object.optional(),
  memory: union([object, literal(false)], 'must be marks, or false').optional(),
  retention: strictObject({
    completedMs: keptMs,
    failedMs: keptMs,
    archive: boolean().optional(),
  }).optional(),
})
