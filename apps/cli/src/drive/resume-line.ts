import type { ErrorData } from '@meepo/core'
import { shellWord } from '../render/format.ts'

/** What a resume line is made of. */
export interface ResumeHint {
  readonly runId: string
  /** `--config` as it was given. */
  readonly config: string | undefined
}

/** The command that lets a run go on, with a higher limit when one was spent. */
export function resumeLine({ runId, config }: ResumeHint, error?: ErrorData): string {
  const words = ['meepo', 'resume', runId, ...raise(error)]
  if (config !== undefined) words.push('--config', config)
  return words.map(shellWord).join(' ')
}

/** True for an end that a resume may undo: a spent limit, or a failure that is worth another try. */
export function isResumable(error: ErrorData | undefined): boolean {
  return error !== undefined && (error.retryable || raise(error).length > 0)
}

function raise(error: ErrorData | undefined): string[] {
  if (error?.code === 'run.deadline') return ['--deadline', '10m']
  if (error?.code !== 'agent.turn_limit') return []
  const turns = error.details?.turns
  return ['--max-turns', String(typeof turns === 'number' ? turns * 2 : 40)]
}
