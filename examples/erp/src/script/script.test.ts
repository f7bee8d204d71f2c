import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

import { script } from './script.ts'

test('the script imports nothing but its own files', () => {
  for (const file of readdirSync(import.meta.dirname).filter((name) => !name.endsWith('.test.ts'))) {
    const source = readFileSync(join(import.meta.dirname, file), 'utf8')
    const imports = [...source.matchAll(/^(?:import|export)\b[^(=]*?\bfrom '([^']+)'/gm)].map((match) => match[1])
    expect(source.match(/^import /gm)?.length ?? 0).toBe(imports.length)
    for (const path of imports) expect(path).toMatch(/^\.\/[a-z-]+\.ts$/)
    expect(source).not.toMatch(/\b(import\(|process\.|require\(|globalThis|fetch\(|Date\b|Math\.random)/)
  }
})

test('a role that nobody has written is named', () => {
  expect(script({ messages: [{ role: 'system', content: 'Role: poet' }] })).toEqual({
    text: 'The offline scripted model knows no role "poet".',
  })
})

test('the role may stand in a developer message, and texts may come in parts', () => {
  const messages = [
    { role: 'developer', content: [{ type: 'text', text: 'Role: invoice-checker\n' }] },
    { role: 'user', content: [{ type: 'text', text: '{"invoiceId":"INV-1","orderId":"PO-1"}' }] },
  ]
  expect(script({ messages }).toolCalls?.map(({ name }) => name)).toEqual([
    'read_invoice',
    'read_order',
    'read_receipts',
    'find_similar_invoices',
  ])
})

test('a tool that answered with an error becomes a problem and no finding', () => {
  const messages = [
    { role: 'system', content: 'Role: stock-keeper' },
    { role: 'user', content: '{}' },
    {
      role: 'assistant',
      tool_calls: ['stock_levels', 'reorder_points'].map((name, at) => ({
        id: `c${at}`,
        function: { name, arguments: '{}' },
      })),
    },
    { role: 'tool', tool_call_id: 'c0', content: 'Error: no such table' },
    { role: 'tool', tool_call_id: 'c1', content: '{"items":[]}' },
  ]
  expect(JSON.parse(script({ messages }).text ?? '')).toEqual({
    findings: [],
    problems: ['stock_levels gave no items'],
  })
})
