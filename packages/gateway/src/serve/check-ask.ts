import { MeepoError, validateConversation, type Message, type ModelSettings } from '@meepo/core'

import type { AskOptions } from './ask.ts'

const roles: ReadonlySet<string> = new Set(['system', 'user', 'assistant', 'tool'])

/** Refuses (`request.invalid`) what no provider could answer, before anything is sent or set aside. */
export function checkAsk(options: AskOptions): void {
  const { model, prompt, messages, system, tools = [], settings = {}, routing = {} } = options
  demand(typeof model === 'string' && model !== '', 'model', 'must name a model')
  demand((prompt === undefined) !== (messages === undefined), 'prompt', 'must be given, or messages, and not both')
  demand(prompt === undefined || isText(prompt), 'prompt', 'must be a text that is not empty')
  demand(system === undefined || isText(system), 'system', 'must be a text that is not empty')
  if (messages !== undefined) checkMessages(messages)
  for (const [index, tool] of tools.entries()) {
    demand(isText(tool.name) && typeof tool.inputSchema === 'object', `tools[${index}]`, 'needs a name and a schema')
  }
  demand(new Set(tools.map(({ name }) => name)).size === tools.length, 'tools', 'must have different names')
  checkSettings(settings)
  checkCount(routing.maxRetries, 0, 'routing.maxRetries')
  checkCount(routing.cacheMs, 0, 'routing.cacheMs')
  checkCount(routing.staleMs, 0, 'routing.staleMs')
  demand(!(options.account && options.tenant !== undefined), 'tenant', 'is that of the account: give one of them')
  demand(options.tenant !== '', 'tenant', 'must not be empty')
  demand(options.id !== '', 'id', 'must not be empty')
  demand(options.deadlineAt === undefined || Number.isFinite(options.deadlineAt), 'deadlineAt', 'must be a time')
}

function checkMessages(messages: readonly Message[]): void {
  demand(Array.isArray(messages) && messages.length > 0, 'messages', 'must hold a message')
  for (const [index, message] of messages.entries()) {
    demand(roles.has(message.role), `messages[${index}].role`, `must be one of ${[...roles].join(', ')}`)
    if (message.role === 'tool') continue
    demand(typeof message.text === 'string', `messages[${index}].text`, 'must be a text')
  }
  demand(messages.at(-1)?.role !== 'assistant', 'messages', 'must not end with an answer')
  const [problem] = validateConversation(messages)
  demand(problem === undefined, 'messages', `are not sound: ${problem}`)
}

function checkSettings({ temperature, maxOutputTokens, stop, seed }: ModelSettings): void {
  demand(temperature === undefined || temperature >= 0, 'settings.temperature', 'must be a number from 0 up')
  checkCount(maxOutputTokens, 1, 'settings.maxOutputTokens')
  demand(seed === undefined || Number.isSafeInteger(seed), 'settings.seed', 'must be an integer')
  demand(stop === undefined || (Array.isArray(stop) && stop.every(isText)), 'settings.stop', 'must hold texts')
}

function checkCount(value: number | undefined, least: number, place: string): void {
  demand(
    value === undefined || (Number.isSafeInteger(value) && value >= least),
    place,
    `must be an integer from ${least} up`,
  )
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value.trim() !== ''
}

/** Throws `request.invalid` about a place. Values stay out of it: they may be secrets. */
export function demand(isRight: boolean, place: string, rule: string): void {
  if (!isRight) throw new MeepoError('request.invalid', `${place} ${rule}`, { notSent: true, details: { place } })
}
