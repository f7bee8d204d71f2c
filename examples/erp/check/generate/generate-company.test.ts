import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

import { jobs } from '../../src/jobs.ts'
import { generateCompany } from './generate-company.ts'

test('the same seed makes the same company', () => {
  expect(generateCompany(5)).toEqual(generateCompany(5))
})

test('another seed makes another company', () => {
  expect(generateCompany(5).files.get('invoices.csv')).not.toBe(generateCompany(6).files.get('invoices.csv'))
})

test('every documented kind is planted one to nine times', () => {
  for (let seed = 1; seed <= 10; seed++) {
    const { findings } = generateCompany(seed).expected
    for (const job of jobs) {
      for (const kind of Object.keys(job.kinds)) {
        const planted = (findings[job.name] ?? []).filter((finding) => finding.kind === kind).length
        expect([seed, job.name, kind, planted >= 1 && planted <= 9]).toEqual([seed, job.name, kind, true])
      }
    }
  }
})

test('the generator imports nothing but itself and node', () => {
  for (const file of readdirSync(import.meta.dirname).filter((name) => !name.endsWith('.test.ts'))) {
    const imports = [
      ...readFileSync(join(import.meta.dirname, file), 'utf8').matchAll(
        /^(?:import|export)\b[^(=]*?\bfrom '([^']+)'/gm,
      ),
    ].map((match) => match[1])
    for (const path of imports) expect(path).toMatch(/^(node:|\.\/)/)
  }
})

test('the shipped company is the one of seed 2026', () => {
  for (const [file, text] of generateCompany(2026).files) {
    expect([file, readFileSync(join(import.meta.dirname, '../../data', file), 'utf8') === text]).toEqual([file, true])
  }
})
