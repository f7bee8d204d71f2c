import { MeepoError } from '../base/errors.ts'
import type { Json } from '../base/json.ts'
import { noUsage } from '../base/usage.ts'
import type { RunHandle, StreamEvent } from '../engine/engine.ts'
import type { Attempt } from '../run/context.ts'
import { check, checkEqual } from './check.ts'
import {
  begin,
  code,
  codeOf,
  gate,
  read,
  twice,
  untilLogged,
  type EngineCase,
  type EngineCaseContext,
} from './engine-case.ts'

const usage = { ...noUsage, input: 3, output: 4, calls: 1 }

/** A model step that says its text in pieces. */
function say(...pieces: readonly string[]) {
  return async (attempt: Attempt): Promise<Json> => {
    for (const piece of pieces) {
      attempt.preview?.(piece)
      await Promise.resolve()
    }
    attempt.addUsage(usage)
    return { text: pieces.join('') }
  }
}

const model = { effect: 'read', isPaid: true, meta: { kind: 'model', turn: 1, maxTurns: 2 }, retry: twice } as const
const tool = { ...read, meta: { kind: 'tool', tool: 'look', callId: 'c1' } } as const

/** Shows everything that a stream can tell, and fails at its end if it is to. */
const showing = code<Json, Json>('showing', async (ctx, input) => {
  await ctx.signalled('watched')
  await ctx.step('model', model, async (attempt) => {
    if (attempt.count > 1) return say('all', ' new')(attempt)
    attempt.preview?.('old ')
    attempt.preview?.('text')
    await new Promise((resolve) => setImmediate(resolve))
    throw new MeepoError('step.timeout', 'cut')
  })
  await ctx.step('look', tool, async () => 'seen')
  await ctx.step('look', tool, () => Promise.reject(new Error('blind'))).catch(() => undefined)
  ctx.report({ message: 'half way', fraction: 0.5, partial: ['first'] })
  await Promise.all([ctx.step('model', model, say('left')), ctx.step('model', model, say('right'))])
  if (input === 'fail') throw new Error('planned')
  return 'done'
})

async function collect(
  stream: AsyncIterable<StreamEvent>,
  slow?: () => Promise<void>,
): Promise<readonly StreamEvent[]> {
  const events: StreamEvent[] = []
  for await (const event of stream) {
    events.push(event)
    await slow?.()
  }
  return events
}

/** The text of each step as a consumer has it in the end. */
function texts(events: readonly StreamEvent[]): ReadonlyMap<number, string> {
  const told = new Map<number, string>()
  for (const event of events) {
    if (event.type === 'reset') told.set(event.step, '')
    if (event.type !== 'text') continue
    const before = told.get(event.step) ?? ''
    check(before.length === event.offset, `text of step ${event.step} at ${event.offset} behind ${before.length}`)
    told.set(event.step, before + event.text)
  }
  return told
}

/** Everything but text and its resets, without what differs from run to run. */
function others(events: readonly StreamEvent[]): readonly Json[] {
  return events
    .filter(({ type }) => type !== 'text' && type !== 'reset')
    .map((event) => {
      const { runId: _runId, cursor: _cursor, ...told } = event
      // Stream events are plain JSON.
      return ('durationMs' in told ? { ...told, durationMs: 0 } : told) as Json
    })
}

async function streamed(
  context: EngineCaseContext,
  input: Json,
): Promise<{ handle: RunHandle<Json>; fast: readonly StreamEvent[]; slow: readonly StreamEvent[] }> {
  const { engine } = await context.open({ definitions: [showing as never] })
  const handle = await begin(context, engine, showing, { input, isPreviewed: true })
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
  const slowly = async (): Promise<void> => {
    for (let count = 0; count < 20; count++) await turn()
  }
  const both = Promise.all([collect(handle.stream()), collect(handle.stream(), slowly)])
  await context.pass(10)
  await context.until(handle.signal('watched', null))
  const [fast, slow] = await context.until(both)
  return { handle, fast, slow }
}

const order: readonly Json[] = [
  { type: 'error', isFinal: false, error: { code: 'step.timeout', message: 'cut', retryable: true } },
  { type: 'progress', turn: 1, maxTurns: 2, tokens: 7, picoDollars: '0' },
  { type: 'tool.started', step: 3, tool: 'look', callId: 'c1' },
  { type: 'tool.finished', step: 3, tool: 'look', callId: 'c1', ok: true, durationMs: 0, result: 'seen' },
  { type: 'tool.started', step: 4, tool: 'look', callId: 'c1' },
  {
    type: 'tool.finished',
    step: 4,
    tool: 'look',
    callId: 'c1',
    ok: false,
    durationMs: 0,
    error: { code: 'tool.failed', message: 'blind', retryable: false },
  },
  { type: 'partial', value: ['first'] },
  { type: 'progress', message: 'half way', fraction: 0.5, tokens: 7, picoDollars: '0' },
  { type: 'progress', turn: 1, maxTurns: 2, tokens: 14, picoDollars: '0' },
  { type: 'progress', turn: 1, maxTurns: 2, tokens: 21, picoDollars: '0' },
]
const wholeTexts = [
  [2, 'all new'],
  [5, 'left'],
  [6, 'right'],
]

/** The live stream of a run. */
export const streamCases: readonly EngineCase[] = [
  {
    name: 'two consumers, one slow, see every type of stream event in order',
    run: async (context) => {
      const { fast, slow } = await streamed(context, null)
      for (const events of [fast, slow]) {
        checkEqual(others(events), [...order, { type: 'final', result: 'done' }], 'the events')
        checkEqual([...texts(events)], wholeTexts, 'the texts')
      }
      check(
        fast.some(({ type }) => type === 'reset'),
        'the repeated attempt took its text back',
      )
      check(
        fast.some((event) => event.type === 'text' && event.attempt === 1),
        'text came before its message was finished',
      )
    },
  },
  {
    name: 'a stream resumed at any event repeats nothing and loses nothing, in another engine too',
    run: async (context) => {
      const { handle, fast, slow } = await streamed(context, null)
      const other = await context.open()
      for (const seen of [fast, slow]) {
        for (const [index, { cursor }] of seen.entries()) {
          const from = index % 2 === 0 ? handle : other.engine.handle(handle.runId)
          const rest = await context.until(collect(from.stream({ after: cursor })))
          const all = [...seen.slice(0, index + 1), ...rest]
          checkEqual(others(all), [...order, { type: 'final', result: 'done' }], `the events around ${cursor}`)
          checkEqual([...texts(all)], wholeTexts, `the texts around ${cursor}`)
        }
      }
    },
  },
  {
    name: 'the last event of a failed or cancelled run is its error, and the stream itself does not throw',
    run: async (context) => {
      const { handle, fast } = await streamed(context, 'fail')
      const last = fast.at(-1)
      check(last?.type === 'error' && last.isFinal && last.error.message === 'planned', 'the last event of a failure')
      checkEqual(await context.until(collect(handle.stream({ after: last.cursor }))), [], 'nothing behind the end')
      const { engine } = await context.open()
      const waiting = code('waiting', (ctx) => ctx.signalled('never'))
      const cancelled = await begin(context, engine, waiting)
      await context.until(cancelled.cancel('enough'))
      const end = (await context.until(collect(cancelled.stream()))).at(-1)
      check(end?.type === 'error' && end.error.code === 'run.cancelled', 'the last event of a cancel')
    },
  },
  {
    name: 'a consumer that comes in the middle of a text gets all of it, without a gap',
    run: async (context) => {
      const begun = gate()
      const goOn = gate()
      const definition = code('talks', (ctx) =>
        ctx.step('model', model, async (attempt) => {
          attempt.preview?.('one ')
          begun.open()
          await goOn.opened
          attempt.preview?.('two')
          return { text: 'one two' }
        }),
      )
      const { engine } = await context.open()
      const handle = await begin(context, engine, definition, { isPreviewed: true })
      await context.until(begun.opened)
      const late = collect(handle.stream())
      await context.pass(5)
      goOn.open()
      checkEqual([...texts(await context.until(late))], [[1, 'one two']], 'the text')
    },
  },
  {
    name: 'text and tools can be streamed alone; a wrong cursor and an unknown run are refused',
    run: async (context) => {
      const { handle } = await streamed(context, null)
      const text: string[] = []
      for await (const piece of handle.textStream()) text.push(piece)
      checkEqual(text.join('|'), 'all new|left|right', 'the text')
      const tools: string[] = []
      for await (const { type } of handle.toolStream()) tools.push(type)
      checkEqual(tools, ['tool.started', 'tool.finished', 'tool.started', 'tool.finished'], 'the tools')
      checkEqual(await codeOf(context.until(collect(handle.stream({ after: 'x' })))), 'input.invalid', 'a wrong cursor')
      const { engine } = await context.open()
      checkEqual(
        await codeOf(context.until(collect(engine.handle('nobody').stream()))),
        'run.not_found',
        'an unknown run',
      )
    },
  },
  {
    name: 'the stream of a run that is reopened goes on with the step that its end cut off',
    run: async (context) => {
      const definition = code('talks', (ctx) =>
        ctx.step('model', { ...model, isPaid: true }, async (attempt) => {
          attempt.preview?.('old')
          if (attempt.count > 1) return { text: 'new' }
          return new Promise<Json>((_resolve, reject) =>
            attempt.signal.addEventListener('abort', () => reject(new Error('x'))),
          )
        }),
      )
      const { engine } = await context.open({ definitions: [definition] })
      const handle = await begin(context, engine, definition)
      await untilLogged(context, handle.runId, 'step.started')
      await context.pass(20)
      await context.until(handle.cancel('enough'))
      await context.until(handle.result())
      await context.until(engine.resume(handle.runId))
      checkEqual((await context.until(handle.result())).status, 'completed', 'the end')
      checkEqual([...texts(await context.until(collect(handle.stream())))], [[1, 'new']], 'the text')
    },
  },
]
