import { defineGraph, task } from 'meepo'
import type { Definition, TaskView } from 'meepo'
import { z } from 'zod'

import { checker, factFinder, sorter, toneReader, writer } from './agents.ts'
import type { Facts, Known, Reply, Sorted, Tone } from './agents.ts'
import { ticketSchema } from './tickets.ts'
import type { Ticket } from './tickets.ts'

/** What becomes of a ticket. */
export interface Answered {
  readonly id: string
  readonly matter: Sorted['matter']
  readonly reply: string
  readonly isGood: boolean
}

interface Read {
  readonly sorted: Sorted
  readonly facts: Facts
  readonly tone: Tone
}

function known({ sorted, facts, tone }: Read, ticket: Ticket): Known {
  return { ...ticket, ...sorted, ...facts, ...tone }
}

/** One workflow: three agents read the ticket at the same time, one writes, one checks. */
const ticketWorkflow: Definition<Ticket, Answered> = (() => {
  const sorted = task({ run: sorter })
  const facts = task({ run: factFinder })
  const tone = task({ run: toneReader })
  const reply = task({ needs: ['sorted', 'facts', 'tone'], input: known, run: writer })
  const verdict = task({
    needs: ['sorted', 'facts', 'tone', 'reply'],
    input: (done: Read & { readonly reply: Reply }, ticket: Ticket) => ({ ...known(done, ticket), ...done.reply }),
    run: checker,
  })
  const answered = task({
    needs: ['sorted', 'reply', 'verdict'],
    input: (
      done: { readonly sorted: Sorted; readonly reply: Reply; readonly verdict: { readonly isGood: boolean } },
      { id }: Ticket,
    ) => ({ id, matter: done.sorted.matter, reply: done.reply.reply, isGood: done.verdict.isGood }),
    run: async (all) => all,
  })
  return defineGraph({
    name: 'ticket',
    input: ticketSchema,
    tasks: { sorted, facts, tone, reply, verdict, answered },
    output: (done) => done.answered,
  })
})()

/** What all workflows together are given. */
export interface Batch {
  readonly tickets: readonly Ticket[]
}

/** One workflow for each ticket, so many of them at one time. One that fails leaves null in its place. */
export function allTickets(maxParallel: number): Definition<Batch, readonly (Answered | null)[]> {
  const answers = task({
    forEach: ({ input }: TaskView<unknown, Batch>) => input.tickets,
    concurrency: maxParallel,
    optionalItems: true,
    run: ticketWorkflow,
  })
  return defineGraph({
    name: 'tickets',
    input: z.object({ tickets: z.array(ticketSchema) }),
    maxParallel,
    tasks: { answers },
    output: (done) => done.answers,
  })
}
