// A provider that plays the model of a planner: it reads the question out of each request, as a model would.

import { messageText, type SimulatorAnswer, type SimulatorRequest } from '@meepo/simulator'
import type { Json } from '../src/index.ts'
import { openStage, type Stage } from './stage.ts'

/** What a planner's model is asked, as the provider got it. */
export interface PlanQuestion {
  readonly part: 'plan' | 'replan' | 'recover' | 'judge' | 'goal' | 'agent'
  /** The one JSON object of the question; a text for agents. */
  readonly content: Readonly<Record<string, Json>>
  readonly text: string
  /** How often this part was asked before. */
  readonly count: number
  readonly request: SimulatorRequest
}

/** The catalogue of a question. */
export interface Catalogue {
  readonly tools: readonly { readonly name: string; readonly description: string; readonly input: Json }[]
  readonly agents: readonly { readonly name: string; readonly description: string; readonly input: Json }[]
}

/** Answers of the parts; what is not said goes well. */
export type PlanScript = Partial<Record<PlanQuestion['part'], (question: PlanQuestion) => Json>>

/** A stage, and what was asked on it. */
export interface PlanStage extends Stage {
  readonly asked: PlanQuestion[]
  /** How often each part was asked. */
  counts(): Partial<Record<PlanQuestion['part'], number>>
}

const verdicts: Partial<Record<PlanQuestion['part'], Json>> = {
  judge: { met: true, reason: 'it is as expected' },
  goal: { reached: true, reason: 'the answer is there' },
}

/** Starts the provider. */
export async function openPlanStage(
  script: PlanScript,
  tokensOf: (question: PlanQuestion) => number = () => 10,
): Promise<PlanStage> {
  const asked: PlanQuestion[] = []
  const answer = (request: SimulatorRequest): SimulatorAnswer => {
    const question = questionOf(request, asked)
    asked.push(question)
    const said = script[question.part]?.(question) ?? verdicts[question.part] ?? 'done'
    return {
      text: typeof said === 'string' ? said : JSON.stringify(said),
      usage: { inputTokens: 10, outputTokens: tokensOf(question) },
    }
  }
  const stage = await openStage({ script: answer })
  return {
    ...stage,
    asked,
    counts: () => {
      const counts: Partial<Record<PlanQuestion['part'], number>> = {}
      for (const { part } of asked) counts[part] = (counts[part] ?? 0) + 1
      return counts
    },
  }
}

function questionOf(request: SimulatorRequest, asked: readonly PlanQuestion[]): PlanQuestion {
  const system = request.messages.find(({ role }) => role === 'system')
  const user = request.messages.find(({ role }) => role === 'user')
  const text = user ? messageText(user) : ''
  const part = partOf(system ? messageText(system) : '', text)
  const content = part === 'agent' ? {} : (JSON.parse(text) as PlanQuestion['content'])
  return { part, content, text, count: asked.filter((one) => one.part === part).length, request }
}

function partOf(system: string, user: string): PlanQuestion['part'] {
  if (system.startsWith('You plan how')) return user.includes('"done":') ? 'replan' : 'plan'
  if (system.startsWith('You judge one')) return 'judge'
  if (system.startsWith('You judge whether')) return 'goal'
  return system.startsWith('A task of a plan failed') ? 'recover' : 'agent'
}

/** The tools and agents that a question offers. */
export function catalogueOf({ content }: PlanQuestion): Catalogue {
  return content['workers'] as unknown as Catalogue
}
