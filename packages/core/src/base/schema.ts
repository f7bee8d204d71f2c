import type { ZodType } from 'zod'
import type { ErrorCode } from './catalogue.ts'
import { MeepoError } from './errors.ts'

/** What users describe inputs, outputs and arguments with. */
export type Schema<T> = ZodType<T>

/** Parses, or throws `code` with one line per problem. Values are not repeated: they may be secrets. */
export function parseWith<T>(schema: Schema<T>, value: unknown, code: ErrorCode, what: string): T {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map((issue) => {
    const at = issue.path.map(String).join('.')
    return at === '' ? issue.message : `${at}: ${issue.message}`
  })
  throw new MeepoError(code, `${what}: ${problems.join('; ')}`, { details: { problems } })
}
