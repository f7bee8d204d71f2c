import { answer, ask, asRow, asRows, call, callsOf, number, scriptOf, text } from 'meepo-example-kit/script'
import type { Answer, Conversation } from 'meepo-example-kit/script'

import { check } from './checks.ts'
import { addedLines } from './diff.ts'

/**
 * The offline scripted model: seven fixed checks over what the tools return, and a summary by counting. It understands nothing:
 * what needs understanding, such as the rule `bug`, it never reports.
 */
export const script: ReturnType<typeof scriptOf> = scriptOf({ reviewer, summariser })

function reviewer(talk: Conversation): Answer {
  const task = asRow(talk.task)
  const path = text(task, 'path')
  const [diff] = callsOf(talk, 'read_diff')
  const [file] = callsOf(talk, 'read_file')
  const [files] = callsOf(talk, 'find_files')
  if (diff === undefined) return ask(call('read_diff', { path }))
  const [, name = path] = /([^/]+)\.\w+$/.exec(path) ?? []
  if (file === undefined) return ask(call('read_file', { path }), call('find_files', { name }))
  const paths = asRow(files?.result)['paths']
  const findings = check({
    path,
    isNew: task['status'] === 'added',
    added: addedLines(text(asRow(diff.result), 'text')),
    source: text(asRow(file.result), 'text'),
    paths: Array.isArray(paths) ? paths.map(String) : [],
  })
  return answer({ path, findings })
}

function summariser({ task }: Conversation): Answer {
  const findings = asRows(asRow(task)['findings'])
  const counted = (['high', 'medium', 'low'] as const).map((severity) => {
    const of = findings.filter((finding) => finding['severity'] === severity)
    return { severity, of, rules: [...new Set(of.map((finding) => text(finding, 'rule')))] }
  })
  const told = counted.filter(({ of }) => of.length > 0)
  const parts = told.map(({ severity, of, rules }) => `${of.length} ${severity} (${rules.join(', ')})`)
  const [first] = findings
  const begin = first === undefined ? '' : ` Begin with ${text(first, 'path')}, line ${number(first, 'line')}.`
  const isHigh = counted[0]?.of.length !== 0
  return answer({
    verdict: first === undefined ? 'approve' : isHigh ? 'request_changes' : 'comment',
    summary:
      first === undefined
        ? `Nothing was found in ${number(asRow(task), 'files')} files.`
        : `${parts.join(', ')} in ${number(asRow(task), 'files')} files.${begin}`,
  })
}
