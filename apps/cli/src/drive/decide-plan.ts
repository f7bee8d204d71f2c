import { createInterface } from 'node:readline/promises'
import { MeepoError, planApprovalSignal, type JsonObject, type RunHandle } from '@meepo/core'
import { planText } from '../render/plan-text.ts'
import { shellWord } from '../render/format.ts'
import type { Terminal } from '../terminal.ts'
import { resumeLine, type ResumeHint } from './resume-line.ts'

/** How a plan is decided. */
export interface DecideOptions extends ResumeHint {
  /** Somebody at the terminal agrees or not. */
  readonly isAsked: boolean
}

/**
 * Waits for the plan of a run, shows it, and sends the answer of whoever is asked. False when nobody answered: the run then
 * waits, and how to go on was told.
 */
export async function decidePlan(
  handle: RunHandle<unknown>,
  terminal: Terminal,
  { isAsked, ...hint }: DecideOptions,
): Promise<boolean> {
  const told = await nextPlan(handle)
  // It ended without one: whoever attends the run tells why.
  if (!told) return true
  terminal.err(planText(terminal, told))
  if (!isAsked || told['signal'] === undefined) return true
  const answer = await question(terminal, 'Carry it out? [y/N] ')
  if (answer === undefined) {
    const approve = ['meepo', 'signal', handle.runId, planApprovalSignal(1), '{"approved":true}']
      .map(shellWord)
      .join(' ')
    terminal.err(`nobody answered: the plan waits\n${approve}\n${resumeLine(hint)}\n`)
    return false
  }
  const approved = /^y(es)?$/i.test(answer.trim())
  const value = approved ? { approved } : { approved, reason: 'it was denied at the terminal' }
  await handle.signal(planApprovalSignal(1), value).catch((thrown: unknown) => {
    // It is over, by a deadline or because another process was answered: whoever attends the run tells.
    if (!MeepoError.is(thrown) || thrown.code !== 'run.ended') throw thrown
  })
  return true
}

/** What the run tells about its first plan. */
async function nextPlan(handle: RunHandle<unknown>): Promise<JsonObject | undefined> {
  for await (const event of handle.stream()) {
    if (event.type === 'progress' && event.details?.['estimate'] !== undefined) return event.details
  }
  return undefined
}

/** The next line of stdin, or undefined at its end. */
async function question(terminal: Terminal, text: string): Promise<string | undefined> {
  terminal.err(text)
  const lines = createInterface({ input: process.stdin, terminal: false })
  try {
    for await (const line of lines) return line
    terminal.err('\n')
    return undefined
  } finally {
    lines.close()
  }
}
