import type { ModelRequest } from '@meepo/core'

/** So many characters in a row that also stand in the request are a quotation. */
const QUOTATION = 16
const LONGEST = 300

/** A provider's message without the key and without what it quotes from the conversation. */
export function redact(message: string, request: ModelRequest, secret: string | undefined): string {
  const clean = secret === undefined ? message : message.replaceAll(secret, '[key]')
  const short = clean.length > LONGEST ? `${clean.slice(0, LONGEST)}…` : clean
  const haystack = textsOf(request)
  let result = ''
  let at = 0
  while (at < short.length) {
    let end = at + QUOTATION
    if (end > short.length || !haystack.includes(short.slice(at, end))) {
      result += short[at]
      at += 1
      continue
    }
    while (end < short.length && haystack.includes(short.slice(at, end + 1))) end += 1
    result += '[…]'
    at = end
  }
  return result
}

function textsOf(request: ModelRequest): string {
  return request.messages
    .map((message) => {
      if (message.role === 'tool') return JSON.stringify(message.result)
      const calls = message.role === 'assistant' ? JSON.stringify(message.toolCalls ?? []) : ''
      return `${message.text}\n${JSON.stringify(message.text)}\n${calls}`
    })
    .join('\n')
}
