import { budgetError } from '../admission/budget/budget-error.ts'
import type { CallCost, CallOutcome } from '../base/call-entry.ts'
import { MeepoError, toErrorData } from '../base/errors.ts'
import type { Scheduler } from '../base/ports.ts'
import { noUsage } from '../base/usage.ts'
import { parseDollars } from '../cost/money.ts'
import type { Attempt } from '../run/context.ts'
import type { Tool } from './tool.ts'

/** Makes a call whose price is set aside before, and booked after it. A tool without a price is just called. */
export async function payFor<T>(
  tool: Tool,
  attempt: Attempt,
  scheduler: Scheduler,
  make: () => Promise<T>,
): Promise<T> {
  if (tool.price === undefined) return make()
  const picoDollars = parseDollars(tool.price)
  const id = `${attempt.id}/tool`
  const target = `tool:${tool.name}`
  const grant = await attempt.account.open({ id, target, try: attempt.count, picoDollars, atLeast: picoDollars })
  const startedAt = scheduler.now()
  const book = (outcome: CallOutcome, status: CallCost['status'], error?: { code: string; message: string }): void => {
    const cost = { status, picoDollars: status === 'zero' ? '0' : String(picoDollars) }
    const durationMs = Math.max(0, scheduler.now() - startedAt)
    const told = { target, outcome, cost, usage: noUsage, startedAt, durationMs, try: attempt.count }
    attempt.account.settle(id, error ? { ...told, error } : told)
  }
  if (grant.kind === 'refused') {
    book('refused', 'zero')
    throw budgetError(grant)
  }
  try {
    const result = await make()
    book('ok', 'settled')
    return result
  } catch (thrown) {
    const { code, message } = toErrorData(thrown, 'tool.failed')
    if (MeepoError.is(thrown) && thrown.notSent) book('not_sent', 'zero', { code, message })
    // It may have been billed, and nobody will tell.
    else book('failed', 'estimated', { code, message })
    throw thrown
  }
}

/** Books a call that did not have to be made. Returns what it would have cost, as text; nothing for a free one. */
export function noteSavedCall({ name, price }: Tool, attempt: Attempt, now: number): string | undefined {
  if (price === undefined) return undefined
  const savedPicoDollars = String(parseDollars(price))
  attempt.account.settle(`${attempt.id}/tool`, {
    target: `tool:${name}`,
    outcome: 'cached',
    cost: { status: 'zero', picoDollars: '0', savedPicoDollars },
    usage: noUsage,
    startedAt: now,
    durationMs: 0,
    try: attempt.count,
  })
  return savedPicoDollars
}
