// The short form of `npm run torture` on servers that are killed as well.
import { expect, test } from 'vitest'
import { torture } from './torture/short.ts'

test('kills of workers and of the server of PostgreSQL lose nothing and double nothing', () => {
  const { status, output } = torture('--store', 'postgres', '--kills', '4', '--database-kills', '2')
  process.stdout.write(output)
  expect(output).toContain('no violation')
  expect(status).toBe(0)
})

test('kills of workers and of the Restate server that brings their runs lose nothing and double nothing', () => {
  const options = ['--store', 'postgres', '--engine', 'restate', '--kills', '2', '--server-kills', '1']
  const { status, output } = torture(...options)
  process.stdout.write(output)
  expect(output).toContain('no violation')
  expect(status).toBe(0)
})
