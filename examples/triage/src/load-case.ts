import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ExampleError } from 'meepo-example-kit'
import { z } from 'zod'

/** Something that a monitor noticed. */
export interface Alert {
  readonly id: string
  readonly service: string
  readonly title: string
  readonly at: string
}

/** A line of a log. Lines count from 1. */
interface LogLine {
  readonly line: number
  readonly at: string
  readonly text: string
}

/** The alerts of a night, the services they are about and their logs. */
export interface Case {
  readonly alerts: readonly Alert[]
  readonly dependsOn: ReadonlyMap<string, readonly string[]>
  readonly logs: ReadonlyMap<string, readonly LogLine[]>
  /** Other files are another case. */
  readonly fingerprint: string
}

/** How an alert looks. */
export const alertSchema: z.ZodType<Alert> = z.object({
  id: z.string().regex(/^[\w-]+$/),
  service: z.string().min(1),
  title: z.string().min(1),
  at: z.iso.datetime(),
})
const services = z.record(z.string(), z.object({ dependsOn: z.array(z.string()) }))

/** Reads `alerts.json`, `services.json` and `logs/*.txt`. Throws `triage.bad_data`, naming the file and what was expected. */
export function loadCase(folder: string, alertsFile: string = join(folder, 'alerts.json')): Case {
  const hash = createHash('sha256')
  const read = (file: string): string => {
    const text = readText(file)
    hash.update(`${text.length}\n${text}`)
    return text
  }
  const alerts = parse(alertsFile, read(alertsFile), z.array(alertSchema).min(1))
  const dependsOn = parse(join(folder, 'services.json'), read(join(folder, 'services.json')), services)
  const logs = new Map<string, readonly LogLine[]>()
  for (const name of listLogs(join(folder, 'logs'))) {
    const lines = read(join(folder, 'logs', name)).split('\n')
    logs.set(name.replace(/\.txt$/, ''), lines.flatMap(readLine))
  }
  checkAlerts(alertsFile, alerts, dependsOn)
  const entries = Object.entries(dependsOn).map(([name, one]) => [name, one.dependsOn] as const)
  return { alerts, dependsOn: new Map(entries), logs, fingerprint: hash.digest('hex') }
}

function checkAlerts(file: string, alerts: readonly Alert[], known: Readonly<Record<string, unknown>>): void {
  const seen = new Set<string>()
  for (const { id, service } of alerts) {
    if (!Object.hasOwn(known, service)) throw badData(file, `alert ${id}: services.json has no service ${service}`)
    if (seen.has(id)) throw badData(file, `alert ${id} is there twice`)
    seen.add(id)
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw badData(file, 'it cannot be read', cause)
  }
}

function listLogs(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.txt'))
      .toSorted()
  } catch (cause) {
    throw badData(folder, 'it cannot be read', cause)
  }
}

function readLine(text: string, index: number): LogLine[] {
  const [, at] = /^(\d{4}-\d\d-\d\dT\S+Z) /.exec(text) ?? []
  return at === undefined ? [] : [{ line: index + 1, at, text }]
}

function parse<T>(file: string, text: string, schema: z.ZodType<T>): T {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw badData(file, `it is no JSON: ${cause instanceof Error ? cause.message : String(cause)}`, cause)
  }
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw badData(file, `${issue?.path.join('.') || 'the whole'}: ${issue?.message ?? 'another shape was expected'}`)
}

function badData(file: string, what: string, cause?: unknown): ExampleError {
  const fix = 'Correct the file; the folder data of this example shows how each of them looks. Nothing has been run.'
  return new ExampleError('triage.bad_data', `${file}: ${what}`, fix, cause)
}
