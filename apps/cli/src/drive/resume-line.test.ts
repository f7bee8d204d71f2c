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
