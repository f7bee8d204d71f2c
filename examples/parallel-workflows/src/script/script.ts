import { answer, ask, asRow, call, callsOf, number, scriptOf, text } from 'meepo-example-kit/script'
import type { Answer, Conversation } from 'meepo-example-kit/script'

/** The offline scripted model: it knows tickets by their words and writes by the same pattern every time. */
export const script: ReturnType<typeof scriptOf> = scriptOf({
  sorter,
  'fact-finder': factFinder,
  'tone-reader': toneReader,
  writer,
  checker,
})

function sorter({ task }: Conversation): Answer {
  const said = text(asRow(task), 'text')
  if (/charged|refund|money/i.test(said)) return answer({ matter: 'payment' })
  if (/broken|damaged|scratched/i.test(said)) return answer({ matter: 'damage' })
  return answer({ matter: /arrive|deliver|late/i.test(said) ? 'delivery' : 'other' })
}

function factFinder(talk: Conversation): Answer {
  const [orderId = ''] = /\bO-\d+\b/.exec(text(asRow(talk.task), 'text')) ?? []
  const [found] = callsOf(talk, 'find_order')
  if (orderId === '') return answer({ orderId, facts: 'The ticket names no order.' })
  if (found === undefined) return ask(call('find_order', { orderId }))
  const order = asRow(found.result)
  const state = text(order, 'state')
  const facts = state === 'unknown' ? 'There is no such order.' : `It was ${state} ${number(order, 'days')} days ago.`
  return answer({ orderId, facts })
}

function toneReader({ task }: Conversation): Answer {
  return answer({ tone: /!|angry|at once/i.test(text(asRow(task), 'text')) ? 'annoyed' : 'calm' })
}

function writer({ task }: Conversation): Answer {
  const ticket = asRow(task)
  const sorry = text(ticket, 'tone') === 'annoyed' ? 'We are sorry for the trouble. ' : ''
  return answer({ reply: `${sorry}About order ${text(ticket, 'orderId')}: ${text(ticket, 'facts')}` })
}

function checker({ task }: Conversation): Answer {
  const ticket = asRow(task)
  const reply = text(ticket, 'reply')
  const problems = [
    ...(reply.includes(text(ticket, 'orderId')) ? [] : ['the order is missing']),
    ...(reply.includes(text(ticket, 'facts')) ? [] : ['the facts are missing']),
    ...(text(ticket, 'tone') === 'annoyed' && !/sorry/i.test(reply) ? ['there is no apology'] : []),
  ]
  return answer({ isGood: problems.length === 0, problems })
}
