import { expect, test } from 'vitest'

import { readOptions } from './options.ts'

const here = { INIT_CWD: '/home/me' }

test('paths start where the user is, not where npm runs the script', () => {
  expect(readOptions(['--data', 'mine', '--out', '../report'], here)).toMatchObject({
    data: '/home/me/mine',
    out: '/home/report',
    state: '/home/me/.meepo/demo',
  })
})

test('without options the shipped company is reported below the folder of the user', () => {
  const options = readOptions([], here)
  expect(options?.data).toMatch(/examples\/erp\/data$/)
  expect(options).toMatchObject({ out: '/home/me/.meepo/demo/report', isCrash: false, isFresh: false, isJson: false })
})

test('a budget is dollars, with or without their sign', () => {
  expect(readOptions(['--budget', '0.50', '--resume'], here)).toMatchObject({ budget: '0.50', isResume: true })
  expect(readOptions(['--budget', '$2'], here)).toMatchObject({ budget: '$2', isResume: false })
})

test('help is not a run', () => {
  expect(readOptions(['--help'], here)).toBeUndefined()
})

test.each([
  [['--unknown']],
  [['extra']],
  [['--crash', '--seed', 'x']],
  [['--crash', '--kills', '11']],
  [['--crash', '--kills', '0']],
  [['--crash', '--model', 'openai:m']],
  [['--crash', '--out', 'o']],
  [['--crash', '--fresh']],
  [['--crash', '--budget', '1']],
  [['--crash', '--resume']],
  [['--resume', '--fresh']],
  [['--resume', '--out', 'o']],
  [['--budget', 'much']],
  [['--budget', '-1']],
  [['--budget', '0']],
  [['--seed', '2']],
  [['--kills', '2']],
  [['--crash', '--base-url', 'http://h']],
])('%j is refused', (args) => {
  expect(() => readOptions(args, here)).toThrow(expect.objectContaining({ code: 'erp.bad_option' }))
})
