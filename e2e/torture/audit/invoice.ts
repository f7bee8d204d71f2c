import type { Evidence } from './audit.ts'
import type { Violation } from './violation.ts'

const rule = 'the invoice equals the log and the attempts that were cut'

interface Attempts {
  /** Calls whose intent is in the log. */
  readonly announced: Set<string>
  /** Attempts whose intent is in the log. */
  readonly started: Map<string, { isSettled: boolean }>
  /** Model steps that completed, by attempt. */
  readonly completed: string[]
}

/** Every billed request is a call whose intent is in the log, and no call was sent twice. */
export function auditInvoice(evidence: Evidence): readonly Violation[] {
  const found: Violation[] = []
  const { announced, started } = readAttempts(evidence)
  const seen = new Set<string>()
  for (const { attemptId, billed } of evidence.invoice) {
    const id = attemptId ?? 'a request without a call'
    if (seen.has(id)) found.push({ rule, text: `call ${id} was sent twice` })
    seen.add(id)
    // A body that calls a model by itself announces no call, only its attempt.
    const isKnown = announced.has(id) || started.has(attemptOf(id))
    if (billed && !isKnown) found.push({ rule, text: `call ${id} was billed and is not in the log` })
  }
  return found
}

/** At the end: what was billed was recorded, or cut by a kill and followed by another attempt, or its run rests. */
export function auditSettled(evidence: Evidence): readonly Violation[] {
  const found: Violation[] = []
  const { started, completed } = readAttempts(evidence)
  const billed = new Set(
    evidence.invoice.filter((entry) => entry.billed).map((entry) => attemptOf(entry.attemptId ?? '')),
  )
  for (const id of billed) {
    if (started.get(id)?.isSettled === false)
      found.push({ rule, text: `attempt ${id} was billed and nothing came after it` })
  }
  for (const id of completed)
    if (!billed.has(id)) found.push({ rule, text: `attempt ${id} completed and was never billed` })
  return found
}

/** The attempt of a step that made a call: `RUN/NUMBER/ATTEMPT` of `RUN/NUMBER/ATTEMPT.TRY`. */
function attemptOf(call: string): string {
  return call.slice(0, call.lastIndexOf('.'))
}

function readAttempts({ runs }: Evidence): Attempts {
  const announced = new Set<string>()
  const started = new Map<string, { isSettled: boolean }>()
  const completed: string[] = []
  for (const run of runs.values()) {
    const models = new Set<number>()
    const last = new Map<number, number>()
    const settle = (number: number): void => {
      const state = started.get(`${run.runId}/${number}/${last.get(number) ?? 1}`)
      if (state) state.isSettled = true
    }
    for (const { event } of run.events) {
      switch (event.type) {
        case 'step.started':
        case 'attempt.started': {
          const { number } = event.data
          // A further attempt says that the one before it was cut, or failed.
          settle(number)
          const attempt = event.type === 'step.started' ? 1 : event.data.attempt
          if (event.type === 'step.started' && event.data.meta?.kind === 'model') models.add(number)
          last.set(number, attempt)
          started.set(`${run.runId}/${number}/${attempt}`, { isSettled: false })
          break
        }
        case 'call.started':
          announced.add(event.data.call)
          break
        case 'step.completed':
          if (models.has(event.data.number)) completed.push(`${run.runId}/${event.data.number}/${event.data.attempt}`)
          settle(event.data.number)
          break
        case 'step.failed':
        case 'attempt.failed':
        case 'task.cancelled':
          settle(event.data.number)
          break
        default:
      }
    }
  }
  return { announced, started, completed }
}
