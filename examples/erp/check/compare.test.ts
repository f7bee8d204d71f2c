import { expect, test } from 'vitest'

import { compareReport, isPerfect } from './compare.ts'
import type { Answer } from './compare.ts'
import { generateCompany } from './generate/generate-company.ts'

const { expected } = generateCompany(3)

function asReport(answer: Answer): Parameters<typeof compareReport>[1] {
  return {
    jobs: Object.entries(answer.findings).map(([job, findings]) => ({
      job,
      findings: [...findings],
      figures: answer.figures[job] ?? {},
    })),
  }
}

test('the expected answer itself is perfect', () => {
  expect(isPerfect(compareReport(expected, asReport(expected)))).toBe(true)
})

test.each(Object.keys(expected.findings))('a finding of %s that is missing, wrong or one too many is seen', (job) => {
  const right = expected.findings[job] ?? []
  const [first, ...rest] = right
  if (first === undefined) throw new Error('nothing planted')
  const variants = [
    rest,
    [...right, first],
    [{ ...first, values: { ...first.values, more: 1 } }, ...rest],
    [{ ...first, subject: 'other' }, ...rest],
  ]
  for (const findings of variants) {
    expect(
      isPerfect(
        compareReport(expected, asReport({ ...expected, findings: { ...expected.findings, [job]: findings } })),
      ),
    ).toBe(false)
  }
})

test('a wrong figure is seen', () => {
  const scores = compareReport(
    expected,
    asReport({ ...expected, figures: { ...expected.figures, 'payment-plan': { runs: [] } } }),
  )
  expect(scores.find((score) => score.job === 'payment-plan')?.wrongFigures).toEqual(['runs'])
  expect(isPerfect(scores)).toBe(false)
})

test('a report without jobs is not perfect', () => {
  expect(isPerfect(compareReport(expected, { jobs: [] }))).toBe(false)
  expect(isPerfect(compareReport({ findings: {}, figures: {} }, { jobs: [] }))).toBe(false)
})
