// An agent with one tool, and a task that uses its answer: npm start -- "Any text."
import { createSimulator, messageText } from '@meepo/simulator'
import { createMeepo, defineAgent, defineGraph, defineTool, task } from 'meepo'
import { object, string } from 'zod'

const { OPENAI_API_KEY: apiKey, OPENAI_BASE_URL: url, MODEL = 'gpt-6-luna' } = process.env
const offline = apiKey || url ? undefined : await createSimulator({ script: answerFromConversation })
const baseURL = offline ? `${offline.url}/v1` : (url ?? 'https://api.openai.com/v1')
console.error(offline ? 'offline scripted model' : `${MODEL} at ${baseURL}`)

const countWords = defineTool({
  name: 'count_words',
  description: 'Counts the words of a text.',
  effect: 'read',
  input: object({ text: string() }),
  run: ({ text }) => text.split(/\s+/).filter(Boolean).length,
})
const instructions = 'Count the words, then say how long the text takes to read at 200 words a minute.'
const reader = defineAgent({ name: 'reader', instructions, model: `llm:${MODEL}`, tools: [countWords] })
const asReport = async (said: string) => `# Report\n\n${said}`
const workflow = defineGraph({
  name: 'basic-workflow',
  input: string(),
  tasks: {
    read: task({ run: reader }),
    report: task({ needs: ['read'], input: (done: { read: string }) => done.read, run: asReport }),
  },
})

const meepo = await createMeepo({ providers: { llm: { kind: 'openai-compatible', baseURL, apiKey } } })
const { result, error } = await meepo.run(workflow, process.argv[2] ?? 'Every step is durable, every limit is shared.')
console.log(result?.report ?? error)
process.exitCode = error ? 1 : 0
await Promise.all([meepo.stop(), offline?.close()])

function answerFromConversation({ messages }: { messages: readonly Parameters<typeof messageText>[0][] }) {
  const [text = '', words] = messages.filter(({ role }) => role === 'user' || role === 'tool').map(messageText)
  if (words === undefined) return { toolCalls: [{ name: 'count_words', arguments: { text } }] }
  return { text: `${words} words take ${Math.ceil((Number(words) / 200) * 60)} seconds to read.` }
}
