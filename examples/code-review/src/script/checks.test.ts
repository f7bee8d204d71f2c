import { expect, test } from 'vitest'

import { check } from './checks.ts'
import { addedLines } from './diff.ts'

function rulesOf(path: string, source: string, paths: readonly string[] = []): string[] {
  const added = source.split('\n').map((text, at) => ({ line: at + 1, text }))
  return check({ path, isNew: true, added, source, paths: [path, ...paths] }).map(({ rule, line }) => `${line} ${rule}`)
}

test('a diff tells which lines it adds, also when they look like its own marks', () => {
  const diff = [
    '--- a/x',
    '+++ b/x',
    '@@ -1,3 +1,3 @@',
    ' one',
    '-two',
    '+++ two',
    ' three',
    '@@ -9 +10,2 @@ f',
    '+ten',
    '+eleven',
  ]
  expect(addedLines(diff.join('\n'))).toEqual([
    { line: 2, text: '++ two' },
    { line: 10, text: 'ten' },
    { line: 11, text: 'eleven' },
  ])
})

test('Python is read as well', () => {
  const source = [
    'def load(db, name):',
    '    try:',
    '        return db.execute("SELECT * FROM t WHERE name = \'%s\'" % name)',
    '    except Exception:',
    '        pass',
    `api_key = "0123456789abcdef"`,
    'def long():',
    ...Array.from({ length: 61 }, () => '    x = 1'),
  ].join('\n')
  expect(rulesOf('tool.py', source)).toEqual([
    '3 sql_injection',
    '6 secret',
    '4 swallowed_error',
    '7 large_function',
    '1 missing_test',
  ])
  expect(rulesOf('tool.py', 'def load():\n    return 1', ['tests/test_tool.py'])).toEqual([])
})

test.each([
  ["const token = process.env['TOKEN']", []],
  ["const password = '<secret>'", []],
  ["db.query('SELECT 1 WHERE a = ?', [a])", []],
  ['db.query(`SELECT 1 WHERE a = ${a}`)', ['1 sql_injection']],
  ["const list = 'TODO'", []],
  ['} catch (error) { }', ['1 swallowed_error']],
  ['} catch (error) { report(error) }', []],
  ["const password = 'hunter2hunter2'", ['1 secret']],
])('%s', (line, expected) => {
  expect(rulesOf('a.js', line)).toEqual(expected)
})

test('only what the change adds is looked at in texts, and tests may print', () => {
  expect(rulesOf('README.md', '// FIXME\nconsole.log(1)')).toEqual([])
  expect(rulesOf('a.test.js', '  console.log(1)')).toEqual([])
  expect(rulesOf('a.js', '  console.log(1)')).toEqual(['1 debug_output'])
})
