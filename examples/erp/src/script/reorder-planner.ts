import { ask, calculated, call, finish, isAsked, number, rowsFrom, text } from './chat.ts'
import type { Answer, Conversation, Row } from './chat.ts'

/** Says what to order and how much: full packs up to the maximum. */
export function reorderPlanner(talk: Conversation): Answer {
  if (!isAsked(talk, 'reorder_points')) return ask(call('reorder_points'))
  const short = rowsFrom(talk, 'reorder_points', 'items').filter(
    (item) =>
      number(item, 'onHand') >= 0 &&
      number(item, 'onHand') <= number(item, 'maximum') &&
      number(item, 'position') < number(item, 'reorderPoint'),
  )
  if (short.length > 0 && !isAsked(talk, 'calculator')) return ask(call('calculator', { expressions: short.map(fill) }))
  return finish(
    talk,
    short.map((item) => {
      const isLate = number(item, 'position') < number(item, 'leadDemand')
      return {
        kind: isLate ? 'expedite' : 'reorder',
        subject: text(item, 'itemId'),
        values: { quantity: calculated(talk, fill(item)) },
        note: isLate
          ? 'Will run out before a normal delivery: order now and ask for speed.'
          : 'Below the reorder point.',
      }
    }),
  )
}

function fill(item: Row): string {
  return `ceil((${number(item, 'maximum')}-${number(item, 'position')})/max(1,${number(item, 'packSize')}))*max(1,${number(item, 'packSize')})`
}
