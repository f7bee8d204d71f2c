import type { ResearchResult } from './research.ts'

/** The report for people. */
export function reportMarkdown(question: string, result: ResearchResult): string {
  const { paragraphs, sources, agreements, conflicts, refused, leftOut, unread } = result
  const cite = (numbers: readonly number[]): string => numbers.map((number) => `[${number}]`).join('')
  return [
    `# ${question}`,
    ...paragraphs.flatMap(({ text, sources: numbers }) => ['', `${text} ${cite(numbers)}`.trim()]),
    ...list(
      'Sources agree',
      agreements.map(({ what, sources: numbers }) => `${what} ${cite(numbers)}`),
    ),
    ...list(
      'Sources contradict each other',
      conflicts.map(({ what, sources: numbers }) => `${what} ${cite(numbers)}`),
    ),
    ...list(
      'Sources',
      sources.map(({ number, document, line, quote }) => `[${number}] ${document}, line ${line}: "${quote}"`),
    ),
    ...list('Not read: the reader failed', unread),
    ...list('Left out: no document says so', [
      ...refused.map(({ document, line, quote }) => `${document}, line ${line}: "${quote}"`),
      ...leftOut.map(({ text }) => text),
    ]),
    '',
  ].join('\n')
}

function list(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', `## ${title}`, '', ...lines.map((line) => `- ${line}`)]
}
