// The provider of an agent with one tool: it asks for the tool first and answers then. Where a conversation stands is
// read from the request, as a real provider does.

const usage = { prompt_tokens: 100, completion_tokens: 5, total_tokens: 105 }
const toolCall = { id: 'call-1', type: 'function', function: { name: 'add', arguments: '{"a":1,"b":0}' } }

const asks = answer('tool_calls', { role: 'assistant', content: null, tool_calls: [toolCall] })
const ends = answer('stop', { role: 'assistant', content: 'done' })

function answer(reason: string, message: object): string {
  const choices = [{ index: 0, finish_reason: reason, message }]
  return JSON.stringify({ id: 'answer', object: 'chat.completion', created: 1, model: 'm', choices, usage })
}

/** Answers every request at once. */
export const conversationFetch: typeof globalThis.fetch = (_url, init) => {
  const hasResult = typeof init?.body === 'string' && init.body.includes('"role":"tool"')
  const headers = { 'content-type': 'application/json' }
  return Promise.resolve(new Response(hasResult ? ends : asks, { status: 200, headers }))
}
