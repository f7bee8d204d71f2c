// An independent reading of a log: runs a program on a context that knows nothing but what the log says, and shares no
// code with the driver.

import {
  MeepoError,
  seededRandom,
  type Json,
  type LogEvent,
  type RunContext,
  type Settled,
  type Task,
} from '@meepo/core'
import { runProgram, type Program } from './program.ts'

interface Call {
  readonly task: Task<unknown>
  readonly settle: (settled: Settled) => void
  settled?: Settled
  order: number
  readonly watchers: (() => void)[]
}

/** The result that the program has, if its tasks end as the log says. */
export async function interpret(program: Program, log: readonly LogEvent[]): Promise<Json> {
  const started = log.find((event) => event.type === 'run.started')
  const random = seededRandom(started?.data.seed ?? '')
  const calls = new Map<number, Call>()
  let number = 0
  let order = 0
  const take = (kind: Task<unknown>['kind'], name: string): Task<never> => {
    const own = ++number
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    promise.catch(() => undefined)
    const task: Task<unknown> = Object.assign(promise, { number: own, kind, name })
    const call: Call = {
      task,
      order: 0,
      watchers: [],
      settle: (settled) => {
        call.settled = settled
        call.order = ++order
        if (settled.ok) resolve(settled.value)
        else reject(MeepoError.fromData(settled.error))
        for (const watcher of call.watchers) watcher()
      },
    }
    calls.set(own, call)
    return task as Task<never>
  }
  const ctx: Partial<RunContext> = {
    step: (name) => take('step', name),
    sleep: () => take('sleep', 'sleep'),
    signalled: (name) => take('signal', name),
    child: (_definition, childId) => take('child', childId),
    random: () => random.next(),
    race: (tasks) => {
      number++
      const racing = tasks.map(({ number: own }) => calls.get(own)!)
      const done = racing.filter(({ settled }) => settled).toSorted((a, b) => a.order - b.order)[0]
      if (done?.settled) return Promise.resolve(done.settled)
      return new Promise((resolve) => {
        for (const call of racing) call.watchers.push(() => resolve(call.settled!))
      })
    },
    cancel: (task) => {
      number++
      const call = calls.get(task.number)!
      return call.settled ? Promise.resolve() : new Promise((resolve) => call.watchers.push(resolve))
    },
  }
  let result: Json | undefined
  // The program calls nothing else, and bodies do not run here.
  void runProgram(ctx as RunContext, program, undefined as never, undefined as never).then((value) => (result = value))
  await turn()
  const values = new Map<string, Json>()
  for (const event of log) {
    if (event.type === 'run.ending') break
    if (event.type === 'signal.received' && 'value' in event.data.value)
      values.set(event.data.name, event.data.value.value)
    const told = read(event, values)
    if (!told || !('number' in event.data)) continue
    const call = calls.get(event.data.number)
    if (!call) throw new Error(`event ${event.seq} settles call ${event.data.number}, which was not made`)
    call.settle({ ...told, task: call.task } as Settled)
    await turn()
  }
  if (result === undefined) throw new Error('the log ends before the program')
  return result
}

function read(
  event: LogEvent,
  values: ReadonlyMap<string, Json>,
): { ok: boolean; value?: unknown; error?: unknown } | undefined {
  switch (event.type) {
    case 'step.completed':
    case 'child.completed':
      return { ok: true, value: 'value' in event.data.result ? event.data.result.value : undefined }
    case 'step.failed':
    case 'child.failed':
      return { ok: false, error: event.data.error }
    case 'sleep.completed':
      return { ok: true, value: undefined }
    case 'signal.completed':
      return { ok: true, value: values.get(event.data.name) }
    case 'signal.timed_out':
      return { ok: false, error: { code: 'signal.timeout', message: '', retryable: false } }
    case 'task.cancelled':
      return { ok: false, error: { code: 'task.cancelled', message: '', retryable: false } }
    default:
      return undefined
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
