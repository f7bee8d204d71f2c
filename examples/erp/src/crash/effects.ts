import { readFileSync } from 'node:fs'

/** A line that a body of the example wrote beside its work, without the platform. */
export type EffectLine =
  | { readonly kind: 'begun'; readonly key: string; readonly name: string; readonly hash: string }
  | { readonly kind: 'ended'; readonly key: string }
  /** The process stands still at its point and waits for the end. */
  | { readonly kind: 'held'; readonly place: string }

/** How much an undisturbed run does. */
export interface Totals {
  readonly agents: number
  readonly answers: number
  readonly executions: number
}

/** All whole lines of an effects file; none when there is no file yet. */
export function readEffects(file: string): EffectLine[] {
  let text = ''
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
  }
  // Only `hooks.ts` writes this file; a torn last line was never told to anybody.
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as EffectLine)
}
