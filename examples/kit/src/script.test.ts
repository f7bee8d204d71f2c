import { readFileSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'

import { answer, ask, call, callsOf, scriptOf } from './script.ts'

const script = scriptOf({
  adder: (talk) => {
    const [sum] = callsOf(talk, 'add')
    return sum === undefined ? ask(call('add', { task: talk.task })) : answer({ sum: sum.result, of: sum.args })
  },
})
const system = { role: 'system', content: 'Be exact.\nRole: adder\n' }

test('a role answers from its task and from what its tools said', () => {
  const user = { role: 'user', content: [{ type: 'text', text: '{"a":1}' }] }
  expect(script({ messages: [system, user] })).toEqual({ toolCalls: [{ name: 'add', arguments: { task: { a: 1 } } }] })
  const asked = { id: 'c1', function: { name: 'add', arguments: '{"a":1}' } }
  const talk = [
    system,
    user,
    { role: 'assistant', tool_calls: [asked] },
    { role: 'tool', tool_call_id: 'c1', content: 'Error: no' },
  ]
  expect(script({ messages: talk })).toEqual({ text: '{"sum":"Error: no","of":{"a":1}}' })
})

test('a role that nobody has written is named', () => {
  const messages = [{ role: 'system', content: 'Role: constructor' }]
  expect(script({ messages })).toEqual({ text: 'The offline scripted model knows no role "constructor".' })
})

test('the scripts of the examples know the request and nothing else', () => {
  const examples = join(import.meta.dirname, '../..')
  for (const example of ['code-review', 'research', 'triage', 'parallel-workflows']) {
    const seen = new Set<string>()
    const open = [join(examples, example, 'src/script/script.ts'), join(examples, 'kit/src/script.ts')]
    for (const file of open) {
      if (seen.has(file)) continue
      seen.add(file)
      const source = readFileSync(file, 'utf8')
      expect(source).not.toMatch(/\b(import\(|process\.|require\(|globalThis|fetch\(|Date\b|Math\.random)/)
      for (const [, path = ''] of source.matchAll(/^(?:import|export)\b[^(=]*?\bfrom '([^']+)'/gm)) {
        if (path.startsWith('.')) open.push(join(dirname(file), path))
        else expect(path).toBe('meepo-example-kit/script')
      }
    }
    const own = readdirSync(join(examples, example, 'src/script')).filter((name) => !name.endsWith('.test.ts'))
    expect([...seen].filter((file) => file.includes('/src/script/')).length).toBe(own.length)
  }
})
