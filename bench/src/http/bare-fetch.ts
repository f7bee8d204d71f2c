// The floor of W8: the same conversation with the global fetch.

import { turns } from './script.ts'

const tools = [
  {
    type: 'function',
    function: {
      name: 'add',
      description: 'Adds two numbers.',
      parameters: {
        type: 'object',
        properties: { a: { type: 'number' }, b: { type: 'number' } },
        required: ['a', 'b'],
      },
    },
  },
]

interface Completion {
  readonly choices: readonly [{ readonly message: AssistantMessage }]
}

interface AssistantMessage {
  readonly role: 'assistant'
  readonly content: string | null
  readonly tool_calls?: readonly { readonly id: string; readonly function: { readonly arguments: string } }[]
}

/** One agent to its final answer. */
export async function bareFetchAgent(baseUrl: string): Promise<void> {
  const messages: object[] = [
    { role: 'system', content: 'Add numbers.' },
    { role: 'user', content: 'go' },
  ]
  for (let turn = 1; ; turn++) {
    const message = await complete(baseUrl, messages)
    const calls = message.tool_calls ?? []
    if (calls.length === 0) {
      if (turn !== turns) throw new Error(`an answer after ${turn} turns`)
      return
    }
    messages.push(message)
    for (const { id, function: asked } of calls) {
      // The script sends exactly these arguments.
      const { a, b } = JSON.parse(asked.arguments) as { a: number; b: number }
      messages.push({ role: 'tool', tool_call_id: id, content: JSON.stringify({ sum: a + b }) })
    }
  }
}

async function complete(baseUrl: string, messages: readonly object[]): Promise<AssistantMessage> {
  const response = await fetch(`${baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer none' },
    body: JSON.stringify({ model: 'model', messages, tools, tool_choice: 'auto' }),
  })
  if (!response.ok) throw new Error(`the simulator answered ${response.status}: ${await response.text()}`)
  // The simulator speaks OpenAI's chat completions.
  const { choices } = (await response.json()) as Completion
  return choices[0].message
}
