import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { join } from 'node:path'

import type { DemoOptions } from '../demo/options.ts'
import type { CrashPlan } from './hooks.ts'
import { readEffects } from './effects.ts'

/** How a process ended: at its point, or by itself. */
export type VictimEnd = { readonly kind: 'killed' } | { readonly kind: 'ended'; readonly code: number | null }

/** One process of the demo with its files in `state`. */
export interface Victim {
  readonly options: DemoOptions
  readonly state: string
  readonly plan: CrashPlan
  /** Everything that it prints. */
  readonly log: string
}

const main = join(import.meta.dirname, '../demo/main.ts')

/** Starts the demo and, when it stands still at its point, kills it: no handler runs, nothing is flushed. */
export async function runVictim({ options, state, plan, log }: Victim, signal: AbortSignal): Promise<VictimEnd> {
  const held = countHeld(plan.effects)
  const output = openSync(log, 'a')
  const child = spawn(
    process.execPath,
    ['--conditions=meepo-source', main, '--data', options.data, '--out', join(state, 'report'), '--model', 'offline'],
    {
      // The state of the demo lies in `.meepo/demo` below the folder of its caller.
      env: { ...process.env, INIT_CWD: state, ERP_CRASH_PLAN: JSON.stringify(plan) },
      stdio: ['ignore', output, output],
    },
  )
  const ended = new Promise<VictimEnd>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, killedBy) =>
      resolve(killedBy === 'SIGKILL' ? { kind: 'killed' } : { kind: 'ended', code }),
    )
  })
  try {
    let end: VictimEnd | undefined
    while (end === undefined) {
      end = await Promise.race([ended, wait(10, undefined)])
      if (signal.aborted || (end === undefined && countHeld(plan.effects) > held)) child.kill('SIGKILL')
    }
    signal.throwIfAborted()
    return end
  } finally {
    closeSync(output)
  }
}

function countHeld(effects: string): number {
  return readEffects(effects).filter((line) => line.kind === 'held').length
}

/** The last lines that a victim printed. */
export function lastWords(log: string): string {
  return readFileSync(log, 'utf8').trimEnd().split('\n').slice(-5).join('\n')
}
