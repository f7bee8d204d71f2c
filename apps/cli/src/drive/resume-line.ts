import { catalogue, formatDollars, isBudgetStop, type ErrorCode, type ErrorData, type ErrorEntry } from '@meepo/core'
import { shellWord } from '../render/format.ts'

/** What a resume line is made of. */
export interface ResumeHint {
  readonly runId: string
  /** `--config` as it was given. */
  readonly config: string | undefined
}

/** The command that lets a run go on, with a higher limit when one was spent. */
export function resumeLine({ runId, config }: ResumeHint, error?: ErrorData): string {
  const words = ['meepo', 'resume', runId, ...raise(runId, error)]
  if (config !== undefined) words.push('--config', config)
  return words.map(shellWord).join(' ')
}

/** True for an end that a resume may undo: a spent limit, or a failure that is worth another try. */
export function isResumable(error: ErrorData | undefined): boolean {
  return error !== undefined && (isPassing(error) || isBudgetStop(error) || raise('', error).length > 0)
}

/** It may be over by now, whoever gave up on it. */
function isPassing({ code, retryable }: ErrorData): boolean {
  const entry: ErrorEntry | undefined = Object.hasOwn(catalogue, code) ? catalogue[code as ErrorCode] : undefined
  return retryable || entry?.retryable === true
}

function raise(runId: string, error: ErrorData | undefined): string[] {
  if (error && isBudgetStop(error)) return raiseBudget(runId, error)
  if (error?.code === 'run.deadline') return ['--deadline', '10m']
  if (error?.code !== 'agent.turn_limit') return []
  const turns = error.details?.turns
  return ['--max-turns', String(typeof turns === 'number' ? turns * 2 : 40)]
}

/** The run's own limit is raised by the resume: to twice as much where the error tells it. Others are raised for themselves. */
function raiseBudget(runId: string, { details, cause }: ErrorData): string[] {
  const { budget, scope, limitPicoDollars } = details ?? {}
  if (typeof budget === 'string' && budget !== 'run') return []
  if (scope === `run:${runId}` && typeof limitPicoDollars === 'string')
    return ['--budget', formatDollars(2n * BigInt(limitPicoDollars)).slice(1)]
  return cause ? raiseBudget(runId, cause) : ['--budget', 'DOLLARS']
}
