import { expect, test } from 'vitest'

import { checkJsonOptions, checkJsonRules } from './json-options.ts'

test('options of every kind pass as they are', () => {
  const value = {
    port: 4010,
    rules: [{ model: 'm', chance: 0.5, steps: [{ text: 'x' }], after: 'last' }],
    faults: [{ fault: { kind: 'hang' }, window: { everyMs: 100, forMs: 10 } }],
    latency: { headersMs: 5 },
    limits: [{ requestsPerMinute: 60 }],
    prices: [{ model: '*', rates: { input: 1 } }],
    providers: { east: { apiKeys: ['k'], models: ['m'] } },
  }
  expect(checkJsonOptions(value, 'o.json')).toBe(value)
})

test.each([
  [7, 'it is no object of options'],
  [{ rule: [] }, '`rule` is no option'],
  [{ rules: {} }, '`rules` is no list'],
  [{ rules: [{ step: [] }] }, '`rules[0].step` is no option'],
  [{ rules: ['x'] }, '`rules[0]` is no object'],
  [{ faults: [{ fault: 'hang' }] }, '`faults[0].fault` is no object'],
  [{ latency: { headers: 5 } }, '`latency.headers` is no option'],
  [{ providers: [] }, '`providers` is no object'],
  [{ providers: { east: { port: 1 } } }, '`providers.east.port` is no option'],
  [{ providers: { east: { limits: [{ rpm: 5 }] } } }, '`providers.east.limits[0].rpm` is no option'],
])('the options %j are refused by name', (value, named) => {
  expect(() => checkJsonOptions(value, 'o.json')).toThrow(
    expect.objectContaining({ code: 'simulator.bad_option', message: `o.json has a mistake: ${named}` }),
  )
})

test('a list of rules is checked the same way', () => {
  expect(checkJsonRules([{ steps: [] }], 'r.json')).toEqual([{ steps: [] }])
  expect(() => checkJsonRules({}, 'r.json')).toThrow('r.json has a mistake: `rules` is no list')
})
