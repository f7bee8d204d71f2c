import { z } from 'zod'

/** What a customer wrote. */
export interface Ticket {
  readonly id: string
  readonly text: string
}

/** How a ticket looks. */
export const ticketSchema: z.ZodType<Ticket> = z.object({ id: z.string().min(1), text: z.string().min(1) })

/** What is known about an order. */
export interface Order {
  readonly orderId: string
  readonly state: 'packed' | 'sent' | 'delivered'
  readonly days: number
}

const states = ['packed', 'sent', 'delivered'] as const

/** The shop's own records, by number. */
export function orderOf(orderId: string): Order | undefined {
  const [, digits] = /^O-(\d{4,6})$/.exec(orderId) ?? []
  if (digits === undefined) return undefined
  const number = Number(digits)
  return { orderId, state: states[number % states.length] ?? 'packed', days: number % 17 }
}

const matters = [
  (order: string) => `My order ${order} has not arrived. When will it be here?`,
  (order: string) => `I was charged twice for ${order} and want my money back at once!`,
  (order: string) => `The lamp in order ${order} is broken. I am very angry, this is the second time!`,
  (order: string) => `Please send the invoice of ${order} to our new address.`,
] as const

/** So many tickets, always the same ones. */
export function makeTickets(count: number): readonly Ticket[] {
  return Array.from({ length: count }, (_, at) => {
    const order = `O-${1000 + at * 7}`
    return { id: `T-${String(at + 1).padStart(4, '0')}`, text: matters[at % matters.length]?.(order) ?? '' }
  })
}
