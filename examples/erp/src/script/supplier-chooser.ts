import { ask, calculated, call, finish, isAsked, number, rows, rowsFrom, text } from './chat.ts'
import type { Answer, Conversation, Finding, Row } from './chat.ts'

/** Finds the right supplier of every item, and the cost of what is to be ordered. */
export function supplierChooser(talk: Conversation): Answer {
  if (!isAsked(talk, 'price_list')) return ask(call('price_list'))
  const offers = new Map<string, Row[]>()
  for (const offer of rowsFrom(talk, 'price_list', 'offers')) {
    offers.set(text(offer, 'itemId'), [...(offers.get(text(offer, 'itemId')) ?? []), offer])
  }
  const choices = rowsFrom(talk, 'price_list', 'items').map((item) =>
    choose(item, offers.get(text(item, 'itemId')) ?? []),
  )
  const best = new Map(
    choices.flatMap(({ itemId, best: offer }) => (offer === undefined ? [] : [[itemId, offer] as const])),
  )
  const orders = rows(talk.task, 'orders').flatMap((order) => {
    const offer = best.get(text(order, 'itemId'))
    return offer === undefined
      ? []
      : [{ order, offer, sum: `${number(order, 'quantity')}*${number(offer, 'unitPriceCents')}` }]
  })
  if (orders.length > 0 && !isAsked(talk, 'calculator'))
    return ask(call('calculator', { expressions: orders.map((order) => order.sum) }))
  return finish(
    talk,
    choices.flatMap(({ findings }) => findings),
    {
      orders: orders.map(({ order, offer, sum }) => ({
        itemId: text(order, 'itemId'),
        supplierId: text(offer, 'supplierId'),
        quantity: number(order, 'quantity'),
        costCents: calculated(talk, sum),
      })),
    },
  )
}

/** The best offer is the cheapest that is valid and quick enough; at the same price the preferred supplier stays. */
function choose(item: Row, offers: readonly Row[]): { itemId: string; best: Row | undefined; findings: Finding[] } {
  const itemId = text(item, 'itemId')
  const preferred = text(item, 'preferredSupplier')
  const valid = offers
    .filter((offer) => offer['isLapsed'] === false && number(offer, 'leadDays') <= number(item, 'maxLeadDays'))
    .sort(
      (a, b) => number(a, 'unitPriceCents') - number(b, 'unitPriceCents') || rank(a, preferred) - rank(b, preferred),
    )
  const best = valid[0]
  const to = best === undefined ? 'none' : text(best, 'supplierId')
  const own = offers.find((offer) => text(offer, 'supplierId') === preferred)
  const answer = (finding: Omit<Finding, 'subject'>): ReturnType<typeof choose> => ({
    itemId,
    best,
    findings: [{ ...finding, subject: itemId }],
  })
  if (own === undefined || own['isLapsed'] === true) {
    const validUntil = own === undefined ? 'never' : text(own, 'validUntil')
    return answer({
      kind: 'offer_expired',
      values: { from: preferred, to, validUntil },
      note: `The offer of ${preferred} has lapsed; ${to} is next.`,
    })
  }
  if (best !== undefined && to !== preferred) {
    const savingCents = number(own, 'unitPriceCents') - number(best, 'unitPriceCents')
    return answer({
      kind: 'better_offer',
      values: { from: preferred, to, savingCents },
      note: `${to} is the better choice.`,
    })
  }
  if (valid.length === 1)
    return answer({ kind: 'single_source', values: { supplierId: to }, note: `Only ${to} can deliver this in time.` })
  return { itemId, best, findings: [] }
}

/** Orders equal prices: the preferred supplier, then the quicker one, then by name. */
function rank(offer: Row, preferred: string): number {
  return text(offer, 'supplierId') === preferred ? -1 : number(offer, 'leadDays')
}
