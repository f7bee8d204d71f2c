// The same agent twice: through the whole gateway, and with the adapter alone.

import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import {
  createBudgetBook,
  createLimiter,
  createMemoryCounters,
  defineAgent,
  noUsage,
  type Agent,
  type Message,
  type Model,
} from '@meepo/core'
import { createNodeMachine } from '@meepo/engine-embedded'
import { createGateway } from '@meepo/gateway'
import { addTool } from '../platform/fake-model.ts'
import type { Platform, PlatformOptions } from '../platform/platform.ts'
import { baseURL, book, budgets, limits } from './calls.ts'
import { conversationFetch } from './conversation.ts'

type Adapter = ReturnType<ReturnType<typeof createOpenAICompatible>['chatModel']>
type CallOptions = Parameters<Adapter['doGenerate']>[0]

const instructions = 'Add numbers.'

/** One run; rejects unless it succeeds. */
export type RunOnce = (platform: Platform) => Promise<void>

/** Prices, three limits, three budgets, breaker and ledger around each call. */
export function gatewayAgent(): { readonly run: RunOnce; readonly options: PlatformOptions } {
  const machine = createNodeMachine()
  const { scheduler, random } = machine
  const limiter = createLimiter({ limits, counters: createMemoryCounters({ scheduler }), scheduler, random })
  const providers = { p: { kind: 'openai-compatible', baseURL } } as const
  const gateway = createGateway({ env: {}, fetch: conversationFetch, machine, limiter, prices: { book }, providers })
  return { run: runOnce(adder(gateway.resolve('p:m'))), options: { budgets: createBudgetBook(budgets) } }
}

/** The adapter does the same work for the same engine; nobody counts or pays. */
export function adapterAgent(): RunOnce {
  const adapter = createOpenAICompatible({ name: 'p', baseURL, fetch: conversationFetch }).chatModel('m')
  return runOnce(adder(adapterModel(adapter)))
}

function adder(model: Model): Agent<string, string> {
  return defineAgent({ name: 'adder', instructions, model, tools: [addTool()] })
}

function runOnce(agent: Agent<string, string>): RunOnce {
  return async ({ engine }) => {
    const { success, iterations, error } = await (await engine.start(agent, 'go', { actor: 'bob' })).result()
    if (!success || iterations !== 2) throw new Error(`${iterations} turns: ${JSON.stringify(error)}`)
  }
}

function adapterModel(adapter: Adapter): Model {
  return {
    id: 'adapter:m',
    call: async ({ messages, tools = [] }, { signal, attemptId }) => {
      const { content, finishReason } = await adapter.doGenerate({
        prompt: messages.map(toPrompt),
        tools: tools.map(({ name, description, inputSchema }) => ({
          type: 'function',
          name,
          description,
          inputSchema: { ...inputSchema },
        })),
        headers: { 'x-meepo-attempt-id': attemptId },
        abortSignal: signal,
      })
      return {
        text: content.map((part) => (part.type === 'text' ? part.text : '')).join(''),
        toolCalls: content.flatMap((part) =>
          part.type === 'tool-call'
            ? [{ id: part.toolCallId, name: part.toolName, arguments: JSON.parse(part.input) }]
            : [],
        ),
        finish: finishReason.unified === 'tool-calls' ? 'tool-calls' : 'stop',
        usage: noUsage,
        model: 'm',
      }
    },
  }
}

function toPrompt(message: Message): CallOptions['prompt'][number] {
  switch (message.role) {
    case 'system':
      return { role: 'system', content: message.text }
    case 'user':
      return { role: 'user', content: [{ type: 'text', text: message.text }] }
    case 'assistant':
      return {
        role: 'assistant',
        content: (message.toolCalls ?? []).map(({ id, name, arguments: input }) => ({
          type: 'tool-call',
          toolCallId: id,
          toolName: name,
          input,
        })),
      }
    case 'tool': {
      const { callId, tool, result } = message
      const output = { type: 'text', value: JSON.stringify(result) } as const
      return { role: 'tool', content: [{ type: 'tool-result', toolCallId: callId, toolName: tool, output }] }
    }
  }
}
