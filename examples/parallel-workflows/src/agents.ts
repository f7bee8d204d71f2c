import { defineAgent, defineTool } from 'meepo'
import type { Agent } from 'meepo'
import { modelAlias } from 'meepo-example-kit'
import { z } from 'zod'

import { orderOf, ticketSchema } from './tickets.ts'
import type { Ticket } from './tickets.ts'

const matters = ['delivery', 'payment', 'damage', 'other'] as const
const tones = ['calm', 'annoyed'] as const

/** What a ticket is about. */
export interface Sorted {
  readonly matter: (typeof matters)[number]
}
/** What the records say. */
export interface Facts {
  readonly orderId: string
  readonly facts: string
}
/** How the customer sounds. */
export interface Tone {
  readonly tone: (typeof tones)[number]
}
/** Everything that is known before an answer is written. */
export type Known = Ticket & Sorted & Facts & Tone
/** An answer to the customer. */
export interface Reply {
  readonly reply: string
}
/** Whether the answer may leave. */
export interface Verdict {
  readonly isGood: boolean
  readonly problems: readonly string[]
}

const findOrder = defineTool({
  name: 'find_order',
  description: 'What the shop knows about an order.',
  effect: 'read',
  input: z.object({ orderId: z.string() }),
  run: ({ orderId }) => orderOf(orderId) ?? { orderId, state: 'unknown' },
})

/** Says what a ticket is about. */
export const sorter: Agent<Ticket, Sorted> = defineAgent({
  name: 'sorter',
  instructions: `Role: sorter

Say what the ticket is about: "delivery" of an order, "payment" and refunds, "damage" of goods, or "other". Answer with {"matter"}.`,
  model: modelAlias,
  input: ticketSchema,
  output: z.object({ matter: z.enum(matters) }),
})

/** Looks up the order. */
export const factFinder: Agent<Ticket, Facts> = defineAgent({
  name: 'fact-finder',
  instructions: `Role: fact-finder

Find the order that the ticket is about, look it up, and say in one sentence what the records say. Answer with {"orderId", "facts"}.`,
  model: modelAlias,
  tools: [findOrder],
  input: ticketSchema,
  output: z.object({ orderId: z.string(), facts: z.string().min(1) }),
})

/** Listens to the tone. */
export const toneReader: Agent<Ticket, Tone> = defineAgent({
  name: 'tone-reader',
  instructions: `Role: tone-reader

Say whether the customer is "calm" or "annoyed". Answer with {"tone"}.`,
  model: modelAlias,
  input: ticketSchema,
  output: z.object({ tone: z.enum(tones) }),
})

/** Writes the answer. */
export const writer: Agent<Known, Reply> = defineAgent({
  name: 'writer',
  instructions: `Role: writer

Answer the ticket in two sentences. Name the order and what the records say about it; apologise first when the customer is annoyed.
Promise no money. Answer with {"reply"}.`,
  model: modelAlias,
  input: z.object({
    id: z.string(),
    text: z.string(),
    matter: z.enum(matters),
    orderId: z.string(),
    facts: z.string(),
    tone: z.enum(tones),
  }),
  output: z.object({ reply: z.string().min(1) }),
})

/** Reads the answer before it leaves. */
export const checker: Agent<Known & Reply, Verdict> = defineAgent({
  name: 'checker',
  instructions: `Role: checker

Check the reply to a ticket: it names the order, says what the facts say, apologises when the tone is annoyed and promises no money.
Answer with {"isGood", "problems"}.`,
  model: modelAlias,
  input: z.object({
    id: z.string(),
    text: z.string(),
    matter: z.enum(matters),
    orderId: z.string(),
    facts: z.string(),
    tone: z.enum(tones),
    reply: z.string(),
  }),
  output: z.object({ isGood: z.boolean(), problems: z.array(z.string()) }),
})
