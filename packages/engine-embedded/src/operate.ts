import {
  type DrivenRun,
  askedLimits,
  definitionKey,
  effectiveEvents,
  isBudgetStop,
  MeepoError,
  planRewind,
  raisedLimits,
  readRecording,
  type CancelMail,
  type EventData,
  type Json,
  type LogEvent,
  type Machine,
  type Resolution,
  type ResolveMail,
  type Rewind,
  type RunId,
  type RunLimits,
  type Scope,
  type Store,
} from '@meepo/core'

/*
 * What people and other systems do to a run from outside. It all goes through the inbox, so it works from any process
 * on the store, whoever drives the run, and is durable when it resolves.
 */

/** Delivers a signal. Equal values twice are one; another value is `signal.conflict`. */
export async function signalRun(
  store: Store,
  machine: Machine,
  scope: Scope,
  runId: RunId,
  name: string,
  value: Json,
  deliveryId: string = machine.random.id(),
): Promise<void> {
  await store.inbox.deliver(scope, runId, { id: deliveryId, kind: 'signal', name, data: value })
}

/** Asks a run, and everything below it, to end. */
export async function cancelRun(
  store: Store,
  machine: Machine,
  scope: Scope,
  runId: RunId,
  mail: CancelMail,
): Promise<void> {
  const data = { source: mail.source, reason: mail.reason }
  await store.inbox.deliver(scope, runId, { id: machine.random.id(), kind: 'cancel', data })
}

/** Decides a step with an unknown outcome. Rejects with `step.not_unknown` for any other step. */
export async function resolveStep(
  store: Store,
  scope: Scope,
  runId: RunId,
  step: number,
  resolution: Resolution,
): Promise<void> {
  const { segment } = readRecording(await store.log.read(scope, runId))
  const task = segment?.tasks.get(step)
  if (!task?.isUnknown || task.isClosed) {
    throw new MeepoError('step.not_unknown', `step ${step} of ${runId} is not unknown`, { details: { step } })
  }
  const mail: ResolveMail = { step, attempt: task.attempt, resolution }
  // ResolveMail is plain JSON. One decision per attempt: a second one is a duplicate.
  const data = mail as unknown as Json
  await store.inbox.deliver(scope, runId, { id: `resolve/${task.start.seq}/${task.attempt}`, kind: 'resolve', data })
}

/**
 * Puts a failed or cancelled run back into the queue with other limits; does nothing to a run that has not ended. With more
 * money, or after a refusal by a budget, it goes on from the first such refusal, see `planRewind`.
 */
export async function reopenRun(
  store: Store,
  machine: Machine,
  scope: Scope,
  runId: RunId,
  limits: Partial<RunLimits>,
): Promise<void> {
  const { status, definition, version } = await store.log.run(scope, runId)
  if (status === 'completed') {
    const key = definitionKey({ name: definition, version })
    throw new MeepoError('run.not_resumable', `run ${runId} of ${key} has completed`)
  }
  if (status !== 'failed' && status !== 'cancelled') return
  const events = await store.log.read(scope, runId)
  const isForMoney = limits.picoDollars !== undefined || endedByBudget(events)
  const raised = raisedLimits(readRecording(events).limits, askedLimits({ limits }))
  await reopenEnded(store, machine, scope, runId, isForMoney ? events : [], { limits: raised, by: 'operator' })
}

/** The last event says that a budget refused. */
function endedByBudget(events: readonly LogEvent[]): boolean {
  const end = events.at(-1)
  return end?.type === 'run.failed' && isBudgetStop(end.data.error)
}

/**
 * Puts an ended run back into the queue. What its end left unread of cancels and of children is void: it was undone.
 * `refused`: the whole log, for a run whose refusals by budgets are to be undone as well; else nothing.
 */
export async function reopenEnded(
  store: Store,
  machine: Machine,
  scope: Scope,
  runId: RunId,
  refused: readonly LogEvent[],
  data: Omit<EventData['run.reopened'], 'voidMail' | 'rewind'>,
  by?: DrivenRun,
): Promise<void> {
  // Nobody delivers to a run that has ended: this is all that there is.
  const pending = await store.inbox.pending(scope, runId)
  const voidMail = pending.filter(({ kind }) => kind === 'cancel' || kind === 'child').map(({ id }) => id)
  const rewind = await findRewind(store, scope, refused)
  const at = machine.scheduler.now()
  const extras = { ...(voidMail.length > 0 ? { voidMail } : {}), ...(rewind ? { rewind } : {}) }
  await store.log.reopen(scope, runId, { type: 'run.reopened', at, data: { ...data, ...extras } }, by)
}

async function findRewind(store: Store, scope: Scope, log: readonly LogEvent[]): Promise<Rewind | undefined> {
  const plan = planRewind(effectiveEvents(log))
  if (!plan) return undefined
  const { before, number } = plan
  const children: Record<RunId, number> = {}
  for (const child of plan.children) {
    const lastSeq = await lastSeqOf(store, scope, child)
    if (lastSeq !== undefined) children[child] = lastSeq
  }
  for (const child of plan.cancelled) {
    // A cancel that came too late changed nothing: the child had failed by itself.
    const lastSeq = await lastSeqOf(store, scope, child)
    if (lastSeq !== undefined && endedByBudget(await store.log.read(scope, child))) children[child] = lastSeq
  }
  return { before, number, children }
}

/** Undefined for a child that could not be started at all. */
async function lastSeqOf(store: Store, scope: Scope, runId: RunId): Promise<number | undefined> {
  try {
    return (await store.log.run(scope, runId)).lastSeq
  } catch (thrown) {
    if (MeepoError.is(thrown) && thrown.code === 'run.not_found') return undefined
    throw thrown
  }
}
