// Plans, crashed at every place of their logs: they go on to the same end, and nothing that is done is done again.

import {
  canonicalJson,
  defineAgent,
  definePlanner,
  defineTool,
  MeepoError,
  noRetry,
  planApprovalSignal,
  type Json,
  type ModelRequest,
  type Planner,
  type PlanOutcome,
  type Store,
  type Tool,
} from '@meepo/core'
import { createScriptedModel, type ScriptedModel, type TestMachine } from '@meepo/core/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import * as z from 'zod'
import { crashEverywhere } from '../test/every-crash.ts'
import { createEmbeddedEngine } from './index.ts'

const isLong = process.env['MEEPO_PROPERTY_RUNS'] !== undefined
const numRuns = isLong ? Math.ceil(Number(process.env['MEEPO_PROPERTY_RUNS']) / 4) : 12
const seed = Number(process.env['MEEPO_PROPERTY_SEED'] ?? 7)

/** How one task of the first plan ends, and what is done about it. */
type Fate = 'good' | 'retry' | 'change' | 'alternative' | 'skip' | 'replan' | 'judged' | 'misjudged' | 'agent'

interface Scenario {
  readonly fates: readonly Fate[]
  /** Tasks need the task so many places before them, if there is one. */
  readonly reach: readonly number[]
  readonly isAsked: boolean
  /** The first judgement says that something is missing. */
  readonly isShort: boolean
  readonly isEvicted: boolean
}

const fates: readonly Fate[] = [
  'good',
  'retry',
  'change',
  'alternative',
  'skip',
  'replan',
  'judged',
  'misjudged',
  'agent',
]
const scenarios: fc.Arbitrary<Scenario> = fc.record({
  fates: fc.array(fc.constantFrom(...fates), { minLength: 1, maxLength: 5 }),
  reach: fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 5, maxLength: 5 }),
  isAsked: fc.boolean(),
  isShort: fc.boolean(),
  isEvicted: fc.boolean(),
})

interface World {
  readonly planner: Planner
  /** Keys of the bodies that ran. */
  readonly effects: string[]
}

/** All of it is a function of what it is asked, so that it says the same after a crash. */
function createWorld({ fates: planned, reach, isAsked, isShort }: Scenario): World {
  const effects: string[] = []
  const model = playModel(planned, reach, isShort)
  const input = z.object({ at: z.string(), fate: z.string() })
  const work = (name: string): Tool =>
    defineTool({
      name,
      description: 'Works.',
      effect: 'idempotent',
      retry: noRetry,
      input,
      run: ({ at, fate }, { idempotencyKey, callId }) => {
        effects.push(idempotencyKey)
        if (name === 'work' && ['change', 'alternative', 'skip', 'replan'].includes(fate)) throw new Error(`${fate} it`)
        // A second try is a call of its own.
        if (fate === 'retry' && !callId.includes('~')) throw new MeepoError('tool.idle', 'silent')
        return `${at} by ${name}`
      },
    }) as Tool
  const agent = defineAgent({ name: 'worker', instructions: 'Work.', model })
  const planner = definePlanner({
    name: 'p',
    model,
    tools: [work('work'), work('other')],
    agents: [agent],
    approval: isAsked ? 'always' : 'never',
    maxReplans: 9,
  })
  return { planner, effects }
}

type Content = Readonly<Record<string, Json>>

function playModel(planned: readonly Fate[], reach: readonly number[], isShort: boolean): ScriptedModel {
  return createScriptedModel(({ messages }: ModelRequest) => {
    const [system, user] = messages
    if (!system || !user || !('text' in system) || !('text' in user)) throw new Error('nothing is asked')
    if (system.text === 'Work.') return `worked on ${user.text}`
    const content = JSON.parse(user.text) as Content
    return JSON.stringify(answerTo(system.text, content, planned, reach, isShort))
  })
}

function answerTo(
  instructions: string,
  content: Content,
  planned: readonly Fate[],
  reach: readonly number[],
  isShort: boolean,
): Json {
  if (instructions.startsWith('You plan')) return 'done' in content ? newPlan(content) : firstPlan(planned, reach)
  if (instructions.startsWith('You judge one')) {
    return { met: JSON.stringify(content['input']).includes('"judged"'), reason: 'as it was asked' }
  }
  if (instructions.startsWith('You judge whether')) {
    return { reached: !isShort || 'extra' in (content['results'] as object), reason: 'as the results say' }
  }
  return choice(content)
}

function firstPlan(planned: readonly Fate[], reach: readonly number[]): Json {
  return {
    tasks: planned.map((fate, at) => {
      const before = at - (reach[at] ?? 0)
      const needs = before === at || before < 0 ? [] : [`t${before}`]
      if (fate === 'agent') return { id: `t${at}`, agent: 'worker', input: `part ${at}`, needs }
      const isJudged = fate === 'judged' || fate === 'misjudged'
      return {
        id: `t${at}`,
        tool: 'work',
        input: { at: `t${at}`, fate },
        needs,
        ...(isJudged ? { expects: 'it is good' } : {}),
      }
    }),
  }
}

function newPlan(content: Content): Json {
  if ('missing' in content) return { tasks: [{ id: 'extra', tool: 'work', input: { at: 'extra', fate: 'good' } }] }
  const { id } = content['failed'] as { readonly id: string }
  const dropped = (content['dropped'] ?? []) as readonly { readonly id: string }[]
  const fresh = (old: string): Json => ({ id: `${old}n`, tool: 'work', input: { at: `${old}n`, fate: 'good' } })
  return { tasks: [fresh(id), ...dropped.map((one) => ({ ...(fresh(one.id) as object), needs: [`${id}n`] }))] }
}

function choice(content: Content): Json {
  const { at, fate } = content['input'] as { readonly at: string; readonly fate: Fate }
  const reason = 'it helps'
  if (fate === 'change') return { strategy: 'change', reason, input: { at: `${at} changed`, fate: 'good' } }
  if (fate === 'misjudged') return { strategy: 'change', reason, input: { at: `${at} changed`, fate: 'judged' } }
  if (fate === 'alternative') return { strategy: 'alternative', reason, worker: 'other' }
  return { strategy: fate, reason }
}

const runId = 'root'

async function drive({ planner }: World, scenario: Scenario, store: Store, machine: TestMachine): Promise<string> {
  const { scheduler } = machine
  const engine = createEmbeddedEngine({ store, machine, idleMs: scenario.isEvicted ? 0 : 60_000 })
  engine.register(planner)
  const handle = await engine.start(planner, { goal: 'all of it' }, { runId })
  if (scenario.isAsked) {
    for (let version = 1; version <= 4; version++) {
      // A run that ended hears no more.
      await handle.signal(planApprovalSignal(version), { approved: true }).catch((thrown: unknown) => {
        if (!MeepoError.is(thrown) || thrown.code !== 'run.ended') throw thrown
      })
    }
  }
  const { success, result, error } = await scheduler.until(handle.result())
  await scheduler.until(engine.stop({ graceMs: 0, hardLimitMs: 0 }))
  if (!success || !result) throw new Error(`${error?.code}: ${error?.message} ${JSON.stringify(error?.details)}`)
  return tell(result)
}

/** What came of it, without the order in which branches happened to end. */
function tell({ answer, tasks, replans }: PlanOutcome): string {
  const ended = tasks.map(({ id, status, result = null, tries = [] }) => ({
    id,
    status,
    result,
    tries: tries.map(({ strategy = null }) => strategy),
  }))
  return canonicalJson({ answer, replans, tasks: ended.toSorted((a, b) => (a.id < b.id ? -1 : 1)) })
}

/** Which of two failed parts is planned anew first may depend on what a crash undid: one is enough here. */
function withOneReplan(scenario: Scenario): Scenario {
  const at = scenario.fates.indexOf('replan')
  return {
    ...scenario,
    fates: scenario.fates.map((fate, index) => (fate === 'replan' && index !== at ? 'skip' : fate)),
  }
}

test(
  'a plan that crashes anywhere goes on to the same end, and does nothing again that is done',
  async () => {
    let crashes = 0
    await fc.assert(
      fc.asyncProperty(scenarios.map(withOneReplan), async (scenario) => {
        const survived = await crashEverywhere({
          createWorld: () => createWorld(scenario),
          drive: (world, store, machine) => drive(world, scenario, store, machine),
          step: (writes) => (isLong ? 1 : Math.max(1, Math.floor(writes / 6))),
        })
        crashes += survived.crashes
      }),
      { numRuns, seed, endOnFailure: !isLong },
    )
    expect(crashes).toBeGreaterThan(50)
  },
  isLong ? 3_600_000 : 60_000,
)
