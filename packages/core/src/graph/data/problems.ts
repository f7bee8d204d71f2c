import { MeepoError } from '../../base/errors.ts'

/** One thing that is wrong with a graph as data. */
export interface DataProblem {
  /** Where: `tasks.load.when`. */
  readonly path: string
  readonly message: string
  /** The code of the error that it would be alone. */
  readonly code: 'graph.invalid' | 'expression.invalid'
}

/** More than anybody reads at once. */
const shown = 10

/** The error of all that is wrong. A single expression keeps its own code. */
export function dataError(name: string, problems: readonly DataProblem[]): MeepoError {
  const lines = problems.slice(0, shown).map(({ path, message }) => `${path === '' ? '' : `${path}: `}${message}`)
  const more = problems.length > shown ? `; and ${problems.length - shown} more` : ''
  const code = problems.every((problem) => problem.code === 'expression.invalid')
    ? 'expression.invalid'
    : 'graph.invalid'
  return new MeepoError(code, `graph ${name}: ${lines.join('; ')}${more}`, {
    details: { problems: problems.slice(0, 100).map(({ path, message }) => ({ path, message })) },
  })
}

/** `tasks.load.needs[0]` of its steps. */
export function pathText(path: readonly PropertyKey[]): string {
  return path.map((key, at) => (typeof key === 'number' ? `[${key}]` : `${at === 0 ? '' : '.'}${String(key)}`)).join('')
}
