import { expect, test } from 'vitest'
import { isResumable, resumeLine } from './resume-line.ts'

const hint = { runId: 'r1', config: undefined }
const spent = (code: string, details = {}) => ({ code, message: '', retryable: false, details })

test('a spent limit is suggested higher', () => {
  expect(resumeLine(hint, spent('agent.turn_limit', { turns: 20 }))).toBe('meepo resume r1 --max-turns 40')
  expect(resumeLine(hint, spent('agent.turn_limit'))).toBe('meepo resume r1 --max-turns 40')
  expect(resumeLine(hint, spent('run.deadline'))).toBe('meepo resume r1 --deadline 10m')
  expect([spent('run.deadline'), spent('tool.failed'), undefined].map(isResumable)).toEqual([true, false, false])
  expect(isResumable({ ...spent('model.unavailable'), retryable: true })).toBe(true)
})

test('the line can be pasted', () => {
  expect(resumeLine({ runId: 'r1', config: 'my configs/a.ts' })).toBe("meepo resume r1 --config 'my configs/a.ts'")
})

test('a run that spent its own budget is suggested twice as much, and one that met another budget to go on as it is', () => {
  const refused = (details: object) => spent('budget.exceeded', details)
  const own = { budget: 'run', scope: 'run:r1', limitPicoDollars: '1500000000000' }
  expect(resumeLine(hint, refused(own))).toBe('meepo resume r1 --budget 3.00')
  expect(resumeLine(hint, { ...spent('child.failed'), cause: refused(own) })).toBe('meepo resume r1 --budget 3.00')
  expect(resumeLine(hint, refused({ ...own, scope: 'run:c2' }))).toBe('meepo resume r1 --budget DOLLARS')
  expect(resumeLine(hint, refused({ budget: 'daily', scope: 'user:bob' }))).toBe('meepo resume r1')
  expect(isResumable(refused({ budget: 'daily' }))).toBe(true)
})
