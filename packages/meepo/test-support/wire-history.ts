import type { SimulatorRequest } from '@meepo/simulator'

type WireMessages = SimulatorRequest['messages']

/** What is wrong with a conversation as a provider gets it: each call answered once, at once; nothing when it is sound. */
export function wireProblems(messages: WireMessages): string[] {
  const problems: string[] = []
  let open: string[] = []
  for (const [index, message] of messages.entries()) {
    if (message.role === 'tool') {
      const at = open.indexOf(String(message.tool_call_id))
      if (at < 0) problems.push(`${index}: a result nobody asked for`)
      else open.splice(at, 1)
      continue
    }
    if (open.length > 0) problems.push(`${index}: calls without a result`)
    open = message.role === 'assistant' ? (message.tool_calls ?? []).map(({ id }) => id) : []
  }
  if (open.length > 0) problems.push('the end: calls without a result')
  return problems
}

/** What people and the model said, one line each. */
export function said(messages: WireMessages): string[] {
  return messages.flatMap(({ role, content }) =>
    typeof content === 'string' && (role === 'user' || role === 'assistant') && content !== ''
      ? [`${role}: ${content}`]
      : [],
  )
}

/** The text of the last thing a person said. */
export function lastSaid(messages: WireMessages): string {
  return (
    said(messages)
      .findLast((line) => line.startsWith('user: '))
      ?.slice('user: '.length) ?? ''
  )
}
