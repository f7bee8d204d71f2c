import type { Repository } from './repository.ts'
import type { PlacedFinding, ReviewResult } from './review.ts'

const verdicts = { approve: 'Approve', comment: 'Comment', request_changes: 'Request changes' } as const

/** The review for people. */
export function reportMarkdown(result: ReviewResult, { base, head }: Pick<Repository, 'base' | 'head'>): string {
  const { files, findings, refused, unread, verdict, summary } = result
  const skipped = files.filter(({ status, isBinary }) => status === 'deleted' || isBinary)
  return [
    '# Code review',
    '',
    `\`${base.slice(0, 12)}\`..\`${head.slice(0, 12)}\`: ${files.length} files, ${findings.length} findings. **${verdicts[verdict]}.**`,
    '',
    summary,
    ...(['high', 'medium', 'low'] as const).flatMap((severity) =>
      section(
        severity,
        findings.filter((finding) => finding.severity === severity),
      ),
    ),
    ...list('Not reviewed', [
      ...unread.map((path) => `${code(path)}: its reviewer failed`),
      ...skipped.map(({ path, status }) => `${code(path)}: ${status === 'deleted' ? 'deleted' : 'not text'}`),
    ]),
    ...list(
      'Refused: the file does not say so',
      refused.map(({ path, line, rule }) => `${code(`${path}:${line}`)} ${rule}`),
    ),
    '',
  ].join('\n')
}

function section(severity: string, findings: readonly PlacedFinding[]): string[] {
  return list(
    `${severity.charAt(0).toUpperCase()}${severity.slice(1)}`,
    findings.map(({ path, line, rule, message }) => `${code(`${path}:${line}`)} **${rule}**: ${message}`),
  )
}

function list(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', `## ${title}`, '', ...lines.map((line) => `- ${line}`)]
}

/** A path may hold anything, backquotes too. */
function code(text: string): string {
  return text.includes('`') ? `\`\` ${text} \`\`` : `\`${text}\``
}
