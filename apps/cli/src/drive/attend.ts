import { MeepoError, type RunHandle, type RunRecord } from '@meepo/core'
import type { Meepo } from 'meepo'
import { exitCodeOf, printError } from '../failure.ts'
import { createProgressView, progressLine, type ProgressView } from '../render/progress.ts'
import { endLine, resultText } from '../render/record.ts'
import type { Terminal } from '../terminal.ts'
import { interruptCode, onInterrupts, type Interrupt } from './interrupts.ts'
import { fatalError, type Notices } from './notices.ts'
import { printStream } from './print-stream.ts'
import { ProgressFold } from './progress.ts'
import { isResumable, resumeLine, type ResumeHint } from './resume-line.ts'
import { SpendingWatch } from './spending.ts'
import { TreeWatch } from './watch-tree.ts'

/** How somebody wants to see a run. */
export interface AttendOptions extends ResumeHint {
  readonly name: string
  readonly json?: boolean
  readonly stream?: 'text' | 'events'
  readonly notices: Notices
  /** When this process began with the run: what happened before is no news. */
  readonly since: number
}

/** How long steps in flight may go on after the first Ctrl-C. */
const graceMs = 10_000

/*
 * Stays with a run until it has ended or this process has to: progress on stderr, the result on stdout.
 * Returns the exit code. What leaves a run that can go on prints its `meepo resume` line last.
 */
export async function attend(
  meepo: Meepo,
  handle: RunHandle<unknown>,
  terminal: Terminal,
  options: AttendOptions,
): Promise<number> {
  const { name, stream, since } = options
  const fold = new ProgressFold()
  // Text on the same screen and a line that is rewritten do not go together.
  const isLive = terminal.isLive && !(stream !== undefined && terminal.isOutLive)
  const spending = new SpendingWatch(meepo.store, handle.runId)
  const state = () => ({ ...fold.state(), spending: spending.latest })
  const view = createProgressView(terminal, isLive, () => progressLine(name, state(), Date.now() - since))
  const leaving = new AbortController()
  const { signal } = leaving
  const watch = new TreeWatch(
    meepo.engine,
    (run, event) => {
      const note = fold.read(run, event)
      // What a resumed run did before is not news, but what it waits for is.
      if (note && (event.at >= since || note.isUrgent === true)) view.note(note.text, note.isUrgent)
    },
    signal,
  )
  const departure = leaveWhenAsked(meepo, view, leaving, options)
  const watching = watch.follow({ runId: handle.runId, name })
  const printing = stream === undefined ? false : printStream(handle, stream, terminal, signal)
  try {
    const record = await recordAtEnd(handle, signal)
    const [hasPrinted] = await Promise.all([printing, watching, departure.done()])
    view.end()
    if (options.json === true) terminal.out(`${JSON.stringify(record, undefined, 2)}\n`)
    else if (!hasPrinted) terminal.out(resultText(record.result))
    if (isEnded(record)) return tellEnd(terminal, record, Date.now() - since, options)
    return await tellLeft(meepo, terminal, departure, options)
  } finally {
    view.end()
    departure.forget()
    spending.stop()
    leaving.abort()
    await Promise.allSettled([printing, watching])
  }
}

interface Leaving {
  readonly cause: () => Interrupt | MeepoError | undefined
  readonly done: () => Promise<void> | undefined
  readonly forget: () => void
}

/** Ctrl-C, a request to end, and a store that cannot be written: steps in flight may end, then this process goes. */
function leaveWhenAsked(meepo: Meepo, view: ProgressView, leaving: AbortController, options: AttendOptions): Leaving {
  let cause: Interrupt | MeepoError | undefined
  let stopping: Promise<void> | undefined
  const leave = (why: Interrupt | MeepoError): void => {
    cause ??= why
    if (stopping) return
    stopping = meepo.engine.stop({ graceMs }).finally(() => leaving.abort())
    // Where nothing can be written runs cannot be given back either: whoever resumes takes them over.
    stopping = stopping.catch((thrown: unknown) => {
      if (!fatalError(thrown)) throw thrown
    })
    // Awaited by `done`; until then a failure is nobody's.
    stopping.catch(() => undefined)
  }
  const stopListening = onInterrupts(
    (signal) => {
      view.note(`stopping: steps in flight have ${graceMs / 1_000} s to end; Ctrl-C again to leave at once`, true)
      leave(signal)
    },
    (signal) => {
      view.end()
      process.stderr.write(`left at once; what was recorded is safe\n${resumeLine(options)}\n`)
      process.exit(interruptCode(signal))
    },
  )
  options.notices.listen((text) => view.note(text, true), leave)
  return { cause: () => cause, done: () => stopping, forget: stopListening }
}

/** The record when the run has ended, or as of when this process had to leave. */
async function recordAtEnd(handle: RunHandle<unknown>, signal: AbortSignal): Promise<RunRecord<unknown>> {
  try {
    return await handle.result({ signal })
  } catch (thrown) {
    if (!signal.aborted) throw thrown
    return handle.record()
  }
}

function isEnded({ status }: RunRecord<unknown>): boolean {
  return status === 'completed' || status === 'failed' || status === 'cancelled'
}

function tellEnd(terminal: Terminal, record: RunRecord<unknown>, elapsedMs: number, options: AttendOptions): number {
  const { runId, error } = record
  terminal.err(endLine(terminal, options.name, record, elapsedMs))
  if (record.success) return 0
  const shown = error ?? { code: 'run.cancelled', message: 'the run was cancelled', retryable: false }
  printError(terminal, shown)
  terminal.err(`${isResumable(error) ? resumeLine(options, error) : `meepo trace ${runId}`}\n`)
  return exitCodeOf(shown.code)
}

async function tellLeft(meepo: Meepo, terminal: Terminal, leaving: Leaving, options: AttendOptions): Promise<number> {
  const cause = leaving.cause()
  const { owner } = await meepo.store.log.run('system', options.runId)
  if (MeepoError.is(cause)) printError(terminal, cause)
  else if (owner === undefined) terminal.err('interrupted; finished steps are recorded and will not run again\n')
  else terminal.err('detached; another process goes on driving the run\n')
  terminal.err(`${resumeLine(options)}\n`)
  return typeof cause === 'string' ? interruptCode(cause) : exitCodeOf(cause?.code ?? 'engine.stopped')
}
