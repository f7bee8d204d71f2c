import { MeepoError } from '../base/errors.ts'
import type { Schema } from '../base/schema.ts'
import type { CheckpointPolicy, RunLimits } from '../log/events.ts'
import type { RunContext } from './context.ts'

/** Something that can be run. Agents, graphs and teams compile to it; engines know nothing else. */
export interface Definition<I = unknown, O = unknown> {
  readonly name: string
  /** Runs are pinned to it: raise it when old runs must go on with the old code. */
  readonly version: string
  readonly input: Schema<I>
  readonly output?: Schema<O>
  /** Names of changes this code knows, see {@link RunContext.patch}. */
  readonly patches?: readonly string[]
  /** Definitions that this one starts as children; registering it registers them. */
  readonly uses?: readonly AnyDefinition[]
  /** Limits of runs that are started without; 300,000 ms of active time unless said. */
  readonly limits?: Partial<RunLimits>
  /** Limits where nobody says any: neither `limits`, nor the start, nor a run above. */
  readonly fallbackLimits?: Partial<RunLimits>
  /** The most calls of the context in one segment, 10,000 unless said: more for code whose length is bounded otherwise. */
  readonly segmentCalls?: number
  /** Whether its runs without a parent count as workflows: engines can keep how many of them run at once. */
  readonly isWorkflow?: true
  /** Which points of its runs are checkpoints, and wait for the disk; see {@link CheckpointPolicy}. */
  readonly checkpoints?: CheckpointPolicy
  /** How long runs of it without a parent stay after they ended, with everything below them. What is not said is for the engine to say. */
  readonly retention?: Retention
  run(ctx: RunContext, input: I): Promise<O>
}

/** How long ended runs are kept, in milliseconds from their end; `Infinity` for ever. */
export interface Retention {
  readonly completedMs?: number
  /** Of runs that failed or were cancelled. */
  readonly failedMs?: number
}

const dayMs = 86_400_000

/** How long ended runs are kept where nobody says: 30 days, and 90 of those that failed or were cancelled. */
export const defaultRetention: Required<Retention> = { completedMs: 30 * dayMs, failedMs: 90 * dayMs }

/** How long ended runs are kept of a definition. Each field is what the first says that says it. */
export function retentionOf(own: Retention = {}, configured: Retention = {}): Required<Retention> {
  return { ...defaultRetention, ...configured, ...own }
}

/** Throws `config.invalid` for what is no time. */
export function checkRetention(retention: Retention, of: string): void {
  for (const field of ['completedMs', 'failedMs'] as const) {
    const value = retention[field]
    if (value === undefined || value >= 0) continue
    throw new MeepoError('config.invalid', `retention.${field} of ${of} must be a number of milliseconds from 0`)
  }
}

/** A definition whose input and output are not known here: every definition is one, as `run` is a method. */
export type AnyDefinition = Definition

/** What {@link define} takes: a definition whose version may be left out (`1`). */
export type DefinitionOptions<I, O> = Omit<Definition<I, O>, 'version'> & { readonly version?: string }

/**
 * Makes a definition of plain code.
 * @example define({ name: 'double', input: z.number(), run: async (ctx, n) => n * 2 })
 */
export function define<I, O>(options: DefinitionOptions<I, O>): Definition<I, O> {
  const definition = { version: '1', ...options }
  checkDefinition(definition)
  return definition
}

/** Throws `definition.invalid` for a name, version or retention that makes no sense. */
export function checkDefinition(definition: Pick<AnyDefinition, 'name' | 'version' | 'retention'>): void {
  const { name, version } = definition
  if (!/^[\w.-]+$/.test(name) || !/^[\w.-]+$/.test(version)) {
    throw new MeepoError(
      'definition.invalid',
      `name ${JSON.stringify(name)} and version ${JSON.stringify(version)} may hold letters, digits, dot, dash and underscore`,
    )
  }
  checkOwnRetention(definition)
}

const retentionFields: readonly string[] = ['completedMs', 'failedMs']

function checkOwnRetention({ name, retention = {} }: Pick<AnyDefinition, 'name' | 'retention'>): void {
  for (const [field, value] of Object.entries(retention)) {
    const isKnown = retentionFields.includes(field)
    if (isKnown && (value === undefined || value >= 0)) continue
    const problem = isKnown
      ? 'must be a number of milliseconds from 0'
      : 'is unknown; there are completedMs and failedMs'
    throw new MeepoError('definition.invalid', `retention.${field} of ${name} ${problem}`, {
      details: { field: `retention.${field}`, value: String(value) },
    })
  }
}

/** `name@version`, by which engines register and stores claim. */
export function definitionKey(definition: { readonly name: string; readonly version: string }): string {
  return `${definition.name}@${definition.version}`
}
