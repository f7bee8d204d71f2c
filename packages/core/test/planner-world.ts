// A small world for tests of planners: tools that note their calls, and a model that is played part by part.

import * as z from 'zod'
import { MeepoError } from '../src/base/errors.ts'
import { definePlanner, type Planner, type PlannerOptions } from '../src/plan/planner.ts'
import { define, type Definition } from '../src/run/definition.ts'
import type { Json } from '../src/base/json.ts'
import type { ModelRequest } from '../src/model/model.ts'
import { createScriptedModel, type ScriptedModel, type ScriptedTurn } from '../src/testing/scripted-model.ts'
import { defineTool, type Tool } from '../src/tool/tool.ts'
import type { Plan } from '../src/plan/plan.ts'

/** What each part of the planner's model answers, question by question; the last answer stays. */
export interface Parts {
  readonly plan: readonly unknown[]
  readonly replan?: readonly unknown[]
  readonly recover?: readonly unknown[]
  readonly judge?: readonly unknown[]
  readonly goal?: readonly unknown[]
}

/** A question as the model got it. */
export interface Asked {
  readonly part: keyof Parts
  readonly content: Readonly<Record<string, Json>>
  readonly request: ModelRequest
}

/** A model that plays all parts, and what it was asked. */
export interface PlayedModel {
  readonly model: ScriptedModel
  readonly asked: Asked[]
}

/** Plays the parts. A text is answered as it is, everything else as JSON. */
export function playParts(parts: Parts): PlayedModel {
  const asked: Asked[] = []
  const model = createScriptedModel((request): ScriptedTurn => {
    const part = partOf(request)
    const answers = parts[part] ?? (part === 'goal' ? [{ reached: true, reason: 'it is' }] : [])
    const before = asked.filter((one) => one.part === part).length
    const user = request.messages.find(({ role }) => role === 'user')
    asked.push({ part, request, content: JSON.parse(user && 'text' in user ? user.text : '{}') as Asked['content'] })
    const answer = answers[Math.min(before, answers.length - 1)]
    return typeof answer === 'string' ? answer : JSON.stringify(answer ?? null)
  })
  return { model, asked }
}

function partOf({ messages }: ModelRequest): keyof Parts {
  const [system, user] = messages
  const text = system && 'text' in system ? system.text : ''
  if (text.startsWith('You plan')) return user && 'text' in user && user.text.includes('"done":') ? 'replan' : 'plan'
  if (text.startsWith('You judge one')) return 'judge'
  return text.startsWith('You judge whether') ? 'goal' : 'recover'
}

/** Tools, and the calls that were made of them. */
export interface ToolShed {
  readonly tools: readonly Tool[]
  readonly calls: (readonly [tool: string, args: Json])[]
  /** Of each tool, failures that are still to come. */
  readonly failures: Map<string, Error[]>
}

/** `find` and `find_elsewhere` give three things, `add` adds numbers, `send` must not happen twice. */
export function createToolShed(): ToolShed {
  const calls: (readonly [string, Json])[] = []
  const failures = new Map<string, Error[]>()
  const note = <T>(tool: string, args: Json, result: T): T => {
    calls.push([tool, args])
    const failure = failures.get(tool)?.shift()
    if (failure) throw failure
    return result
  }
  const retry = { maxAttempts: 1, initialMs: 0, factor: 1, maxMs: 0 }
  const find = (name: string) =>
    defineTool({
      name,
      description: 'Finds things.',
      effect: 'read',
      retry,
      input: z.object({ text: z.string() }),
      output: z.object({ found: z.array(z.number()) }),
      run: (args) => note(name, args, { found: [1, 2, args.text.length] }),
    })
  const add = defineTool({
    name: 'add',
    description: 'Adds numbers.',
    effect: 'read',
    retry,
    price: '0.10',
    input: z.object({ numbers: z.array(z.number()) }),
    run: (args) =>
      note(
        'add',
        args,
        args.numbers.reduce((sum, one) => sum + one, 0),
      ),
  })
  const send = defineTool({
    name: 'send',
    description: 'Sends a number to somebody.',
    effect: 'once',
    retry,
    input: z.object({ number: z.number() }),
    run: (args) => note('send', args, `sent ${args.number}`),
  })
  return { tools: [find('find'), find('find_elsewhere'), add, send], calls, failures }
}

/** Finds, adds up, sends. */
export const sumPlan: Plan = {
  tasks: [
    { id: 'look', tool: 'find', input: { text: { $result: 'goal' } } },
    { id: 'sum', tool: 'add', input: { numbers: { $result: 'look', path: 'found' } } },
    { id: 'tell', tool: 'send', input: { number: { $result: 'sum' } } },
  ],
  answer: 'tell',
}

/** Gives back what it is given. */
export const echo: Definition = define({
  name: 'echo',
  input: z.unknown(),
  run: (_ctx, input) => Promise.resolve(input),
})

/** A planner over the shed and {@link echo}, and everything that a test looks at. */
export function stage(
  parts: Parts,
  options: Partial<PlannerOptions> = {},
): ToolShed & PlayedModel & { readonly planner: Planner } {
  const shed = createToolShed()
  const played = playParts(parts)
  const planner = definePlanner({ name: 'p', model: played.model, tools: shed.tools, agents: [echo], ...options })
  return { ...shed, ...played, planner }
}

/** A plan of one task. */
export const one = (more: object = {}): { readonly tasks: readonly [object] } => ({
  tasks: [{ id: 'a', tool: 'find', input: { text: 'four' }, ...more }],
})

/** What a run fails with. */
export async function errorOf(running: Promise<unknown>): Promise<MeepoError> {
  const thrown = await running.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (MeepoError.is(thrown)) return thrown
  throw new Error(`it was ${String(thrown)}`)
}
