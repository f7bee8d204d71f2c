// A hand-off passes the conversation on: the same run and the same history, from now on with another agent's
// instructions, tools and model. To the model it is a tool. Limits, money and the promised output stay the run's.

import { MeepoError, toErrorData } from '../base/errors.ts'
import type { Json, JsonObject } from '../base/json.ts'
import { parseWith, textSchema } from '../base/schema.ts'
import type { ToolCall, ToolSpec } from '../model/model.ts'
import { jsonSchemaOf } from '../tool/json-schema.ts'
import type { ToolMessage } from '../tool/answer.ts'
import type { Agent } from './agent.ts'

/** A hand-off as the model sees it. */
export interface HandoffTool {
  readonly target: Agent
  readonly spec: ToolSpec
}

/** Where the conversation goes, and what the target was given: the input for its instructions. */
export interface Handoff {
  readonly target: Agent
  readonly input: unknown
}

/** The tool that asks for a hand-off to an agent. Its arguments are the agent's input, or a reason for one that takes a text. */
export function handoffTool(target: Agent): HandoffTool {
  const { name, description = '' } = target
  return {
    target,
    spec: {
      name: `transfer_to_${name.replaceAll('.', '_')}`.slice(0, 64),
      description: `Passes the whole conversation to ${name}, who answers from then on. ${description}`.trim(),
      inputSchema: argumentsOf(target),
    },
  }
}

function argumentsOf({ input, name }: Agent): JsonObject {
  if (input === textSchema) {
    return { type: 'object', properties: { reason: { type: 'string', description: 'Why, in one sentence.' } } }
  }
  const schema = jsonSchemaOf(input, `the input of agent ${name}`)
  if (schema['type'] === 'object') return schema
  throw new MeepoError('definition.invalid', `agent ${name} takes hand-offs only with a text or an object as its input`)
}

/** What becomes of the hand-offs that one turn asks for: an answer for each, and at most one that takes place. */
export function decideHandoffs(
  tools: ReadonlyMap<string, HandoffTool>,
  calls: readonly ToolCall[],
  { taken, most }: { readonly taken: number; readonly most: number },
): { readonly results: readonly ToolMessage[]; readonly handoff: Handoff | undefined } {
  let handoff: Handoff | undefined
  const results = calls.map((call): ToolMessage => {
    try {
      // Whoever asks has found the tool by its name.
      const { target } = tools.get(call.name)!
      if (handoff) throw refused('only one hand-off takes place in a turn')
      if (taken >= most) throw refused(`the conversation was handed on ${taken} times already: answer yourself`)
      handoff = { target, input: inputFor(target, call.arguments) }
      const result = `You are ${target.name} now. Go on with the conversation.`
      return { role: 'tool', callId: call.id, tool: call.name, result }
    } catch (thrown) {
      const { code, message } = toErrorData(thrown)
      const result: Json = { error: { code, message } }
      return { role: 'tool', callId: call.id, tool: call.name, result, isError: true }
    }
  })
  return { results, handoff }
}

/** An agent that takes a text gets none: it has the conversation. */
function inputFor(target: Agent, args: Json): unknown {
  if (target.input === textSchema) return ''
  return parseWith<unknown>(target.input, args, 'tool.invalid_arguments', `the input of ${target.name}`)
}

function refused(why: string): MeepoError {
  return new MeepoError('agent.handoff_refused', why)
}
