// A run without engine, log and replay: steps run their bodies at once, and a test says what arrives when.
// For tests of what is built on RunContext; durability is the business of the engine's own tests.

import { MeepoError } from '../base/errors.ts'
import { copyJson } from '../base/json-copy.ts'
import type { Json } from '../base/json.ts'
import { parseWith } from '../base/schema.ts'
import { seededRandom } from '../base/seeded-random.ts'
import type { RunLimits, Saving } from '../log/events.ts'
import { addUsage, noUsage, type Usage } from '../base/usage.ts'
import type { CallAccount } from '../model/account.ts'
import type { Models } from '../model/model.ts'
import type { Attempt, CallContext, Progress, RunContext, SignalOptions, StepOptions } from '../run/context.ts'
import type { Definition } from '../run/definition.ts'
import type { Settled, Task, TaskKind } from '../run/task.ts'
import type { ToolHost } from '../run/tool-host.ts'
import { createToolRuntime } from '../tool/runtime.ts'
import { createTestMachine } from './test-machine.ts'

/** What a test may set. */
export interface DirectRunOptions {
  readonly limits?: Partial<RunLimits>
  readonly models?: Models
  /** What runs tools; one whose clock stands still unless said. */
  readonly tools?: ToolHost
  /** What else bodies are told about where they run. */
  readonly call?: Partial<CallContext>
  /** Ends a step without running its body. */
  readonly intercept?: (name: string, options: StepOptions) => MeepoError | undefined
  /** Who pays; grants everything and keeps no books unless said. */
  readonly account?: CallAccount
  /** Watches the text of attempts. */
  readonly preview?: (delta: string) => void
}

/** A run in a test's hand. */
export interface DirectRun {
  readonly ctx: RunContext
  /** The steps begun so far. */
  readonly steps: readonly { readonly name: string; readonly options: StepOptions }[]
  readonly children: readonly { readonly childId: string; readonly input: unknown }[]
  readonly reports: readonly Progress[]
  /** What results said they saved. */
  readonly savings: readonly Saving[]
  /** The states of all continuations. */
  readonly continuations: readonly Json[]
  usage(): Usage
  /** Delivers a signal, before or after it is awaited. */
  deliver(name: string, value: Json): void
  /** Lets the wait for a signal time out. */
  expire(name: string): void
  /** Cancels the run: every open and later task rejects. */
  abort(): void
}

interface Waiter {
  resolve(value: Json): void
  reject(error: MeepoError): void
}

/** Makes a run for a test. */
export function directRun(options: DirectRunOptions = {}): DirectRun {
  const abort = new AbortController()
  const random = seededRandom('direct')
  const steps: { name: string; options: StepOptions }[] = []
  const children: { childId: string; input: unknown }[] = []
  const reports: Progress[] = []
  const savings: Saving[] = []
  const continuations: Json[] = []
  const signals = new Map<string, Waiter & { readonly promise: Promise<Json> }>()
  let usage = noUsage
  let number = 0
  const call: CallContext = {
    tenant: 'default',
    runId: 'r1',
    sessionId: 's1',
    definition: 'direct',
    scopes: ['tenant:default', 'session:s1', 'agent:direct', 'workflow:direct', 'run:r1'],
    priority: 0,
    tools: options.tools ?? createToolRuntime(createTestMachine()),
    models: options.models ?? { resolve: (name) => refuse(new MeepoError('model.unknown_name', name)) },
    ...options.call,
  }

  let segmentSize = 0
  const cancelled = new Promise<never>((_resolve, reject) => {
    abort.signal.addEventListener('abort', () => reject(new MeepoError('run.cancelled', 'cancelled by the test')))
  })
  cancelled.catch(() => undefined)

  const mint = <T>(kind: TaskKind, name: string, work: Promise<T>): Task<T> =>
    Object.assign(Promise.race([cancelled, work]), { number: ++number, kind, name })

  const signal = (name: string): Waiter & { readonly promise: Promise<Json> } => {
    const known = signals.get(name) ?? Promise.withResolvers<Json>()
    signals.set(name, known)
    return known
  }

  const runStep = async <T>(
    name: string,
    stepOptions: StepOptions<T>,
    body: (attempt: Attempt) => Promise<T>,
  ): Promise<T> => {
    const id = `r1/${number}`
    steps.push({ name, options: stepOptions as StepOptions })
    const refusal = options.intercept?.(name, stepOptions as StepOptions)
    if (refusal !== undefined) throw refusal
    const result = await body({
      id: `${id}/1`,
      idempotencyKey: id,
      count: 1,
      earlierTries: 0,
      signal: abort.signal,
      call,
      account: options.account ?? freeAccount(call),
      addUsage: (more) => {
        usage = addUsage(usage, more)
      },
      saved: (saving) => void savings.push(saving),
      ...(options.preview ? { preview: options.preview } : {}),
    })
    const { size, value } = copyJson(result)
    segmentSize += size
    // As read back from a log; a step's result is T by its author's word.
    return value as T
  }

  const ctx: RunContext = {
    runId: 'r1',
    sessionId: 's1',
    tenant: 'default',
    signal: abort.signal,
    models: call.models,
    limits: { activeMs: 300_000, ...options.limits },
    get segmentSize() {
      return segmentSize
    },
    step: (name, stepOptions, body) => mint('step', name, runStep(name, stepOptions, body)),
    sleep: (ms) => mint('sleep', String(ms), Promise.resolve()),
    signalled: <T>(name: string, { schema }: SignalOptions<T> = {}) =>
      mint(
        'signal',
        name,
        signal(name).promise.then((value) => (schema ? parseWith(schema, value, 'input.invalid', name) : (value as T))),
      ),
    child: (definition, childId, input) => {
      children.push({ childId, input })
      return mint('child', childId, definition.run(ctx, input))
    },
    race: (tasks) => Promise.race(tasks.map((task) => task.then((value): Settled => ({ task, ok: true, value })))),
    cancel: () => Promise.resolve(),
    continueWith: (state) => {
      segmentSize = 0
      continuations.push(copyJson(state).value)
      return new Promise<never>(() => undefined)
    },
    now: () => 0,
    random: () => random.next(),
    uuid: () => random.uuid(),
    patch: () => true,
    report: (progress) => void reports.push(progress),
  }

  return {
    ctx,
    steps,
    children,
    reports,
    savings,
    continuations,
    usage: () => usage,
    deliver: (name, value) => signal(name).resolve(value),
    expire: (name) => signal(name).reject(new MeepoError('signal.timeout', `nobody sent ${name}`)),
    abort: () => abort.abort(),
  }
}

/** Drives a definition to its end on a direct run, through all its segments. */
export async function runDirect<I, O>(
  definition: Definition<I, O>,
  input: I,
  run: DirectRun = directRun(),
): Promise<O> {
  let segments = 0
  for (let next: unknown = input; ; next = run.continuations[segments++]) {
    // A continued segment gets its state as its input: that is the contract of continueWith.
    const ended = definition.run(run.ctx, next as I).then((result) => ({ result }))
    const first = await Promise.race([ended, continued(run, segments)])
    if (first !== undefined) return first.result
  }
}

async function continued(run: DirectRun, segments: number): Promise<undefined> {
  while (run.continuations.length <= segments) await new Promise((resolve) => setImmediate(resolve))
}

function freeAccount({ tenant, scopes }: CallContext): CallAccount {
  return {
    tenant,
    scopes,
    open: ({ picoDollars }) => Promise.resolve({ kind: 'granted', picoDollars }),
    settle: () => undefined,
    waiting: () => undefined,
  }
}

function refuse(error: MeepoError): never {
  throw error
}
