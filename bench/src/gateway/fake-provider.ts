// A provider in this process: its answer is there at once, so that what is measured is everything around it.

const answer = JSON.stringify({
  id: 'answer',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'done' } }],
  usage: { prompt_tokens: 100, completion_tokens: 5, total_tokens: 105 },
})

/** Answers every request. */
export const fakeFetch: typeof globalThis.fetch = () =>
  Promise.resolve(new Response(answer, { status: 200, headers: { 'content-type': 'application/json' } }))

export const systemText: string = 'You are a careful agent that answers in one word. '.repeat(4)
export const userText: string = 'What is the answer to this question? '.repeat(6)
