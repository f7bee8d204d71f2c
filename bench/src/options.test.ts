import { expect, test } from 'vitest'
import { readOptions } from './options.ts'
import { workloads } from './workloads/all.ts'

test('the workloads are those of the page, and every case has a name of its own', () => {
  expect(workloads.map(({ id }) => id)).toEqual([
    'w1',
    'w2',
    'w3',
    'w4',
    'w5',
    'w6',
    'w7',
    'w8',
    'w9',
    'gateway',
    'w1-gateway',
    'money',
    'postgres',
    'limiter',
    'tools',
    'long-agent',
    'graph',
    'restate',
  ])
  for (const { cases } of workloads) expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length)
})

test('some of the workloads can be chosen, in any order and case', () => {
  expect(readOptions(['--only', 'W3,w1'], workloads).workloads.map(({ id }) => id)).toEqual(['w1', 'w3'])
})

test('an unknown workload, an unknown option and a judged quick run are refused', () => {
  expect(() => readOptions(['--only', 'w99'], workloads)).toThrow('there is no workload w99')
  expect(() => readOptions(['--fast'], workloads)).toThrow('--fast')
  expect(() => readOptions(['--quick', '--check'], workloads)).toThrow('--quick measures nothing')
})
