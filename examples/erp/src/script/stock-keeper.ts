import { ask, call, finish, isAsked, number, rowsFrom, text } from './chat.ts'
import type { Answer, Conversation, Finding, Row } from './chat.ts'

/** Judges every stock level against its bounds; what has to be ordered is left to the reorder planner. */
export function stockKeeper(talk: Conversation): Answer {
  if (!isAsked(talk, 'stock_levels')) return ask(call('stock_levels'), call('reorder_points'))
  const points = new Map(
    rowsFrom(talk, 'reorder_points', 'items').map((item) => [text(item, 'itemId'), number(item, 'reorderPoint')]),
  )
  return finish(
    talk,
    rowsFrom(talk, 'stock_levels', 'items').flatMap((item) =>
      judge(item, points.get(text(item, 'itemId')) ?? Number.NaN),
    ),
  )
}

function judge(item: Row, reorderPoint: number): Finding[] {
  const subject = text(item, 'itemId')
  const onHand = number(item, 'onHand')
  const maximum = number(item, 'maximum')
  const safetyStock = number(item, 'safetyStock')
  if (onHand < 0)
    return [
      { kind: 'negative_stock', subject, values: { onHand }, note: 'A stock below zero is a booking error: count it.' },
    ]
  if (onHand > maximum)
    return [
      { kind: 'overstock', subject, values: { onHand, maximum }, note: 'More lies here than the maximum allows.' },
    ]
  if (onHand < safetyStock && onHand + number(item, 'onOrder') >= reorderPoint) {
    return [
      {
        kind: 'below_safety',
        subject,
        values: { onHand, safetyStock },
        note: 'Below the safety stock, but enough is on its way.',
      },
    ]
  }
  return []
}
