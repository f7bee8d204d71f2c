import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { createProgram } from '../src/program.ts'
import { referencePage, unexplainedCodes } from './page.ts'

test('the reference page is that of the command tree (npm run reference -w meepo-cli)', () => {
  const page = readFileSync(new URL('../../../docs/reference/cli.md', import.meta.url), 'utf8')
  expect(page).toBe(referencePage(createProgram()))
})

test('every exit code of the error catalogue is explained', () => {
  expect(unexplainedCodes()).toEqual([])
})
