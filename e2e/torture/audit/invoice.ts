import type { Evidence } from './audit.ts'
import type { Violation } from './violation.ts'

const rule = 'the invoice equals the log and the attempts that were cut'

interface Attempts {
  /** Attempts whose intent is in the log. */
  readonly started: Map<string, { isSettled: boolean }>
  /** Model steps that completed, by attempt. */
  readonly completed: string[]
}

/** Every billed request is an attempt whose intent is in the log, and no attempt was sent twice. */
export function auditInvoice(evidence: Evidence): readonly Violation[] {
  const found: Violation[] = []
  const { started } = readAttempts(evidence)
  const seen = new Set<string>()
  for (const { attemptId, billed } of evidence.invoice) {
    const id = attemptId ?? 'a request without an attempt'
    if (seen.has(id)) found.push({ rule, text: `attempt ${id} was sent twice` })
    seen.add(id)
    if (billed && !started.has(id)) found.push({ rule, text: `attempt ${id} was billed and is not in the log` })
  }
  return found
}

/** At the end: what was billed was recorded, or cut by a kill and followed by another attempt, or its run rests. */
export function auditSettled(evidence: Evidence): readonly Violation[] {
  const found: Violation[] = []
  const { started, completed } = readAttempts(evidence)
  const billed = new Map(evidence.invoice.filter((entry) => entry.billed).map((entry) => [entry.attemptId, entry]))
  for (const [id] of billed) {
    if (id !== undefined && started.get(id)?.isSettled === false)
      found.push({ rule, text: `attempt ${id} was billed and nothing came after it` })
  }
  for (const id of completed)
    if (!billed.has(id)) found.push({ rule, text: `attempt ${id} completed and was never billed` })
  return found
}

function readAttempts({ runs }: Evidence): Attempts {
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
  return { started, completed }
}
