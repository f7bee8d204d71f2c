import { defineAgent, type Agent, type AgentOptions } from '../agent/agent.ts'
import { MeepoError } from '../base/errors.ts'
import { textSchema } from '../base/schema.ts'
import type { Model } from '../model/model.ts'
import { defineGraph, type Graph } from './graph.ts'
import { task, type GraphTask, type TaskSettings } from './task.ts'
import type { TaskResults, TaskView } from './task-view.ts'

/** What {@link createOrchestrator} takes. */
export interface OrchestratorOptions<N extends string> {
  /** Of all agents that do not name one. */
  readonly model: string | Model
  /** Instructions by name, or all that can be said about an agent. */
  readonly agents: Readonly<Record<N, string | AgentSettings>>
  /** Agents at work at one time; 100 unless said. */
  readonly maxParallel?: number
}

/** All that can be said about an agent, but its name. */
export type AgentSettings = Partial<Omit<AgentOptions<string, string>, 'name'>> & { readonly instructions: string }

/** One piece of work for one agent. */
export interface AgentTask<N extends string> extends TaskSettings {
  readonly agent: N
  /** What the agent is asked: a text, or a function of the results. Without, the input and what its needs answered. */
  readonly ask?: string | ((results: Readonly<Record<string, string>>, input: string) => string)
  readonly when?: (view: TaskView<Readonly<Record<string, string>>, string>) => boolean
}

/** A few agents, and graphs of them. */
export interface Orchestrator<N extends string> {
  readonly agents: Readonly<Record<N, Agent<string, string>>>
  /** A graph from text to texts by task. An agent's name alone is a task that needs nothing. */
  graph<T extends string>(
    name: string,
    tasks: Readonly<Record<T, N | AgentTask<N>>>,
  ): Graph<string, Readonly<Record<T, string>>>
}

/**
 * The short form: agents by their instructions, and graphs of who does what after whom.
 * @example
 * const team = createOrchestrator({ model: 'openai:gpt-5-mini', agents: { writer: 'Write.', critic: 'Find faults.' } })
 * const post = team.graph('post', { draft: 'writer', review: { agent: 'critic', needs: ['draft'] } })
 * await meepo.run(post, 'A post about boats')
 */
export function createOrchestrator<N extends string>(options: OrchestratorOptions<N>): Orchestrator<N> {
  const { model, maxParallel } = options
  const known = new Map<string, Agent<string, string>>()
  const described: Readonly<Record<string, AgentSettings | string>> = options.agents
  for (const [name, said] of Object.entries(described)) {
    const settings = typeof said === 'string' ? { instructions: said } : said
    known.set(name, defineAgent<string, string>({ model, ...settings, name }))
  }
  const toTask = (graph: string, id: string, asked: N | AgentTask<N>): GraphTask<TaskResults, string, string> => {
    const { agent, ask, ...settings }: AgentTask<N> = typeof asked === 'string' ? { agent: asked } : asked
    const run = known.get(agent)
    if (run === undefined) {
      const names = [...known.keys()].join(', ')
      throw new MeepoError(
        'graph.invalid',
        `graph ${graph}: task ${id} is for ${JSON.stringify(agent)}; the agents are: ${names}`,
      )
    }
    // All agents answer with texts.
    const input = (results: TaskResults, text: string): string =>
      question(ask, results as Readonly<Record<string, string>>, text)
    return task({ ...settings, input, run } as Parameters<typeof task<string, string, TaskResults, string>>[0])
  }
  return {
    // One per name.
    agents: Object.fromEntries(known) as Readonly<Record<N, Agent<string, string>>>,
    graph: (name, tasks) =>
      defineGraph({
        name,
        input: textSchema,
        tasks: Object.fromEntries(
          Object.entries<N | AgentTask<N>>(tasks).map(([id, asked]) => [id, toTask(name, id, asked)]),
        ) as never,
        ...(maxParallel === undefined ? {} : { maxParallel }),
      }),
  }
}

function question(ask: AgentTask<string>['ask'], results: Readonly<Record<string, string>>, input: string): string {
  if (typeof ask === 'function') return ask(results, input)
  const answers = Object.entries(results).map(([id, answer]) => `## ${id}\n\n${answer}`)
  return [ask ?? input, ...answers].join('\n\n')
}
