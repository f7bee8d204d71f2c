import { answer, ask, asRow, asRows, call, callsOf, number, scriptOf, text } from 'meepo-example-kit/script'
import type { Answer, Conversation, Role, Row } from 'meepo-example-kit/script'

import { categoryOf, causes } from './symptoms.ts'
import type { Category, Line } from './symptoms.ts'

/**
 * The offline scripted model: it counts what lines of a log look like and knows eight causes by their words. It understands nothing;
 * what its words do not cover it reports as unknown.
 */
export const script: ReturnType<typeof scriptOf> = scriptOf({
  triage,
  'database-specialist': specialist('database'),
  'network-specialist': specialist('network'),
  'application-specialist': specialist('application'),
})

function triage(talk: Conversation): Answer {
  const alert = asRow(talk.task)
  if (callsOf(talk, 'read_logs').length === 0) return ask(readLogs(alert, text(alert, 'service')))
  const category = categoryOf(linesOf(talk))
  if (category !== undefined)
    return ask(call(`transfer_to_${category}-specialist`, { reason: `It looks like the ${category}.` }))
  return report(alert, 'unknown', 'The log shows nothing that is wrong.', [], { status: 'none' })
}

/** A specialist sees the whole conversation: what triage has read is read. */
function specialist(category: Category): Role {
  return (talk) => {
    const alert = asRow(talk.task)
    const [map] = callsOf(talk, 'read_dependencies')
    if (map === undefined) return ask(call('read_dependencies', { service: text(alert, 'service') }))
    const needed = dependencies(asRow(map.result)).filter((service) => !isRead(talk, service))
    if (needed.length > 0) return ask(...needed.map((service) => readLogs(alert, service)))

    const lines = linesOf(talk)
    const cause = causes[category].find(({ shows }) => lines.some((line) => shows.test(line.text)))
    if (cause === undefined) {
      return report(alert, category, 'The logs show symptoms and no cause.', [], { status: 'none' })
    }
    const evidence = lines.filter(({ text: said }) => cause.shows.test(said))
    const { action, means } = cause
    const target = evidence[0]?.service ?? ''
    const [done] = callsOf(talk, 'run_remediation')
    if (done === undefined) return ask(call('run_remediation', { alertId: text(alert, 'id'), action, target }))
    const receipt = text(asRow(done.result), 'receipt')
    const remediation =
      receipt === '' ? { status: 'denied', action, target } : { status: 'done', action, target, receipt }
    return report(alert, category, `${means} at ${target}.`, evidence, remediation)
  }
}

function readLogs(alert: Row, service: string) {
  return call('read_logs', { service, around: text(alert, 'at') })
}

function dependencies(map: Row): string[] {
  const list = map['dependsOn']
  return Array.isArray(list) ? list.map(String) : []
}

function isRead(talk: Conversation, service: string): boolean {
  return callsOf(talk, 'read_logs').some(({ args }) => text(asRow(args), 'service') === service)
}

function linesOf(talk: Conversation): Line[] {
  return callsOf(talk, 'read_logs').flatMap(({ result }) => {
    const service = text(asRow(result), 'service')
    return asRows(asRow(result)['lines']).map((row) => ({
      service,
      line: number(row, 'line'),
      text: text(row, 'text'),
    }))
  })
}

function report(alert: Row, category: string, cause: string, lines: readonly Line[], remediation: Row): Answer {
  const evidence = lines.map(({ service, line, text: quote }) => ({ service, line, quote }))
  return answer({ alertId: text(alert, 'id'), category, cause, evidence, remediation })
}
