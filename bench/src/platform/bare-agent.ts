// The floor: the agent loop as one would write it in an afternoon. The same model, the same tool, the same promises and
// timers; no log, no store, no validation, no limits.

import type { Message, Model, Tool, ToolCall } from '@meepo/core'

const call = { signal: new AbortController().signal, attemptId: 'bare', idempotencyKey: 'bare' }

/** Runs to the final answer. */
export async function bareAgent(model: Model, tool: Tool<{ a: number; b: number }>): Promise<string> {
  const messages: Message[] = [
    { role: 'system', text: 'Add numbers.' },
    { role: 'user', text: 'go' },
  ]
  for (;;) {
    const { text, toolCalls } = await model.call({ messages }, call)
    if (toolCalls.length === 0) return text
    messages.push({ role: 'assistant', text, toolCalls })
    messages.push(...(await Promise.all(toolCalls.map((asked) => answer(tool, asked)))))
  }
}

async function answer(tool: Tool<{ a: number; b: number }>, asked: ToolCall): Promise<Message> {
  // The fake model asks with exactly these.
  const args = asked.arguments as { a: number; b: number }
  const place = { callId: asked.id, tenant: 'bare', runId: 'bare', heartbeat: () => {} }
  const result = (await tool.run?.(args, { ...call, ...place })) as { sum: number }
  return { role: 'tool', callId: asked.id, tool: asked.name, result }
}
