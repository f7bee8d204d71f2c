import type { Message, ModelRequest, ModelResponse, ToolCall } from '../model/model.ts'
import { totalTokens } from '../base/usage.ts'
import type { Agent } from './agent.ts'
import { assistantMessage, callIds, withUniqueIds } from './conversation.ts'
import { countAnswer, type Fill } from './fill.ts'
import type { Handoff } from './handoff.ts'
import { preparedOf, reachable, type Prepared } from './prepared.ts'
import { Progress } from './progress.ts'
import type { AgentState } from './segment.ts'

/**
 * A conversation under way: what the model sees next, who speaks, and what is counted.
 *
 * T1 Whenever a model is called, every tool call of `messages` has exactly one result.
 * T2 The output is that of the agent that was started, whoever speaks.
 */
export class Talk {
  readonly root: Agent
  /** The name of the run is not that of the agent. */
  readonly #isNamed: boolean
  speaker: Agent
  prepared: Prepared
  /** The first one holds the instructions. Grows in place; a smaller one is another array. */
  messages: Message[]
  request: ModelRequest
  turn: number
  turnsBefore: number
  repairs: number
  tokens: number
  handoffs: number
  progress: Progress
  readonly fill: Fill
  #instructions: string | undefined
  #isForgetful: boolean
  #takenIds: Set<string>

  constructor(root: Agent, state: AgentState, isNamed = false) {
    this.root = root
    this.#isNamed = isNamed
    this.speaker = speakerOf(root, state.agent)
    this.prepared = preparedOf(this.speaker)
    this.#instructions = state.instructions
    this.messages = [{ role: 'system', text: this.#system() }, ...state.messages]
    this.request = this.#requestFor(this.messages)
    this.turn = state.turn
    this.turnsBefore = state.turnsBefore ?? 0
    this.repairs = state.repairs
    this.tokens = state.tokens ?? 0
    this.handoffs = state.handoffs ?? 0
    this.progress = new Progress(state.progress)
    this.fill = state.fill ? { ...state.fill } : { used: 0, added: 0 }
    this.#isForgetful = state.isForgetful === true
    this.#takenIds = callIds(this.messages)
  }

  /** The first thing that is said to an agent. */
  static begin(agent: Agent, input: unknown): Talk {
    const { instructions } = agent
    const messages: Message[] = [{ role: 'user', text: agent.prompt(input) }]
    if (typeof instructions === 'string') return new Talk(agent, { messages, turn: 0, repairs: 0 })
    return new Talk(agent, { messages, turn: 0, repairs: 0, instructions: instructions(input) })
  }

  /** Everything that a later segment needs. */
  state(): AgentState {
    const { speaker, root, turn, turnsBefore, repairs, tokens, handoffs, progress, fill } = this
    return {
      messages: this.messages.slice(1),
      turn,
      repairs,
      turnsBefore,
      tokens,
      progress: progress.state,
      fill: { ...fill },
      ...(speaker === root ? {} : { agent: speaker.name }),
      ...(this.#instructions === undefined ? {} : { instructions: this.#instructions }),
      ...(handoffs === 0 ? {} : { handoffs }),
      ...(this.#isForgetful ? { isForgetful: true } : {}),
    }
  }

  /** Who speaks, where the run's own name does not say it: what it does is charged to it. */
  get agentMeta(): { readonly agent: string } | undefined {
    return this.#isNamed || this.speaker !== this.root ? { agent: this.speaker.name } : undefined
  }

  /** Turns taken for the answer that is being worked on. */
  get turnsTaken(): number {
    return this.turn - this.turnsBefore
  }

  /** A person says something; limits of an answer begin anew. */
  hear(text: string): void {
    this.messages.push({ role: 'user', text })
    this.fill.added += text.length
  }

  /** The next answer has all its limits to itself. */
  beginAnswer(): void {
    this.turnsBefore = this.turn
    this.repairs = 0
    this.tokens = 0
    this.handoffs = 0
    this.progress = new Progress()
  }

  note(text: string): void {
    this.messages.push({ role: 'user', text, isNote: true })
    this.fill.added += text.length
  }

  /** Takes in an answer of the model; returns its calls, with ids that no other call has. */
  answered(response: ModelResponse): readonly ToolCall[] {
    this.tokens += totalTokens(response.usage)
    countAnswer(this.fill, response)
    const calls = withUniqueIds(response.toolCalls, this.#takenIds, this.turn, this.#isForgetful)
    this.messages.push(assistantMessage(response, calls))
    return calls
  }

  /** Takes in the results of all calls of the turn, which take about `size` characters. */
  took(results: readonly Message[], size: number): void {
    this.messages.push(...results)
    this.fill.added += size
  }

  handOff({ target, input }: Handoff): void {
    const { instructions } = target
    this.handoffs++
    this.speaker = target
    this.prepared = preparedOf(target)
    this.#instructions = typeof instructions === 'string' ? undefined : instructions(input)
    // Another array: the model that was asked before may still look at its own.
    this.replace(this.messages)
  }

  /** Another history, with the same instructions. */
  replace(messages: readonly Message[]): void {
    this.messages = [{ role: 'system', text: this.#system() }, ...messages.slice(1)]
    this.request = this.#requestFor(this.messages)
  }

  /** Older calls are gone, and their ids with them. */
  forget(): void {
    this.#isForgetful = true
  }

  #system(): string {
    const { instructions } = this.speaker
    // Instructions that depend on an input are made when there is one: at the beginning, or at the hand-off.
    return typeof instructions === 'string' ? instructions : (this.#instructions ?? '')
  }

  #requestFor(messages: Message[]): ModelRequest {
    if (this.speaker === this.root) return { ...this.prepared.request, messages }
    const { outputSchema: _own, ...rest } = this.prepared.request
    const { outputSchema } = preparedOf(this.root).request
    return { ...rest, ...(outputSchema ? { outputSchema } : {}), messages }
  }
}

/** A speaker that the code does not know any more is replaced by the one that was started. */
function speakerOf(root: Agent, name: string | undefined): Agent {
  if (name === undefined) return root
  return reachable(root).find((agent) => agent.name === name) ?? root
}
