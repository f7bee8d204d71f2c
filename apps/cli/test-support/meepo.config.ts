// The configuration that the tests of the command line run: it is copied into their folders.
import { appendFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { define, defineAgent, defineConfig, defineGraph, definePlanner, defineTool, noRetry, task } from 'meepo'
import { object, string } from 'zod'

const lookUp = defineTool({
  name: 'look_up',
  description: 'Finds a word.',
  effect: 'read',
  input: object({ word: string() }),
  run: ({ word }) => `${word} is a word`,
})
const pay = defineTool({
  name: 'pay',
  description: 'Pays.',
  effect: 'once',
  input: object({ to: string() }),
  run: async ({ to }) => {
    appendFileSync('paid.txt', `${to}\n`)
    await setTimeout(Number(process.env.PAY_MS ?? 0))
    return `paid ${to}`
  },
})
const refund = defineTool({
  name: 'refund',
  description: 'Gives money back, if a person agrees.',
  effect: 'idempotent',
  approval: 'always',
  input: object({ to: string() }),
  run: ({ to }) => `refunded ${to}`,
})
const model = 'local:test'
const instructions = 'Do what you are told.'
const agent = defineAgent({ name: 'agent', instructions, model, tools: [lookUp, pay, refund], retry: noRetry })
const graph = defineGraph({
  name: 'graph',
  input: object({ word: string() }),
  tasks: {
    first: task({ run: agent, input: (_results, input: { word: string }) => input.word }),
    second: task({
      needs: ['first'],
      input: (results: { first: string }) => results.first,
      run: async (text: string) => text.length,
    }),
  },
})
const planner = definePlanner({ name: 'planner', model, tools: [lookUp], agents: [agent], retry: noRetry })
const patient = define({ name: 'patient', input: string().nullable(), run: (ctx) => ctx.signalled('go') })

export default defineConfig({
  definitions: [graph, patient, planner],
  providers: { local: { kind: 'openai-compatible', baseURL: process.env.MODEL_URL ?? 'http://127.0.0.1:9/v1' } },
  modelTimeoutMs: 2_000,
  // Dead processes are noticed fast, so that tests need not wait for it.
  beatMs: 100,
})
