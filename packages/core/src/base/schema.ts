import type { ErrorCode } from './catalogue.ts'
import { MeepoError } from './errors.ts'

/**
 * What describes inputs, outputs and arguments: any schema of zod 4 is one. Core only calls these two methods and loads
 * no schema library itself.
 */
export interface Schema<T> {
  safeParse(value: unknown): Parsed<T>
  /** The JSON Schema of what this schema accepts, or of what it makes of that. May throw when there is none. */
  toJSONSchema(options: { readonly io: 'input' | 'output' }): object
}

/**
 * The outcome of parsing: `data` with success, `error` without. One shape and not a union of two, because TypeScript
 * would infer `T | undefined` from a schema whose failures have a `data` that is never there.
 */
export interface Parsed<T> {
  readonly success: boolean
  readonly data?: T
  readonly error?: { readonly issues: readonly Issue[] } | undefined
}

/** One thing that is wrong with a value. */
export interface Issue {
  readonly path: readonly PropertyKey[]
  readonly message: string
}

/** Parses, or throws `code` with one line per problem. Values are not repeated: they may be secrets. */
export function parseWith<T>(schema: Schema<T>, value: unknown, code: ErrorCode, what: string): T {
  const parsed = schema.safeParse(value)
  // With success there is data, which may well be undefined if the schema says so.
  if (parsed.success) return parsed.data as T
  // Without success there is an error.
  const problems = parsed.error!.issues.map((issue) => {
    const at = issue.path.map(String).join('.')
    return at === '' ? issue.message : `${at}: ${issue.message}`
  })
  throw new MeepoError(code, `${what}: ${problems.join('; ')}`, { details: { problems } })
}

/** A schema of a guard: accepts what the guard accepts. */
export function guardSchema<T>(guard: (value: unknown) => value is T, expected: string, jsonSchema: object): Schema<T> {
  return {
    safeParse: (value) =>
      guard(value)
        ? { success: true, data: value }
        : { success: false, error: { issues: [{ path: [], message: `expected ${expected}` }] } },
    toJSONSchema: () => jsonSchema,
  }
}

/** Any text. */
export const textSchema: Schema<string> = guardSchema((value) => typeof value === 'string', 'a text', {
  type: 'string',
})

/** Anything at all. */
export const anySchema: Schema<unknown> = guardSchema((_value): _value is unknown => true, 'anything', {})
