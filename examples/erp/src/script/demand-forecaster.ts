import { ask, call, finish, isAsked, number, rowsFrom, text } from './chat.ts'
import type { Answer, Conversation, Finding } from './chat.ts'
import { readPolicy, threshold } from './policy.ts'

/** Reports the items whose demand has turned. */
export function demandForecaster(talk: Conversation): Answer {
  if (!isAsked(talk, 'demand_history')) return ask(call('demand_history'), readPolicy)
  const rising = threshold(talk, 'demand_rising_percent')
  const falling = threshold(talk, 'demand_falling_percent')
  const findings = rowsFrom(talk, 'demand_history', 'items').flatMap((item): Finding[] => {
    const subject = text(item, 'itemId')
    const forecast = number(item, 'forecast')
    const before = number(item, 'before')
    if (before > 0 && forecast === 0)
      return [{ kind: 'no_sales', subject, values: { before }, note: 'Not sold for three months.' }]
    if (forecast * 100 >= before * rising && forecast > 0) {
      return [
        {
          kind: 'demand_rising',
          subject,
          values: { forecast, before },
          note: `${forecast} a month expected, ${before} were usual.`,
        },
      ]
    }
    if (forecast * 100 <= before * falling && before > 0) {
      return [
        {
          kind: 'demand_falling',
          subject,
          values: { forecast, before },
          note: `${forecast} a month expected, ${before} were usual.`,
        },
      ]
    }
    return []
  })
  return finish(talk, findings)
}
