import { expect, test } from 'vitest'

import { parseCsv } from './csv.ts'

const fields = (text: string): readonly (readonly string[])[] => parseCsv('a.csv', text).map((record) => record.fields)

test('quoted fields keep commas, quotes and line breaks', () => {
  expect(fields('a,"b, c","say ""hi""","two\nlines"\n')).toEqual([['a', 'b, c', 'say "hi"', 'two\nlines']])
})

test('a record knows the line on which it starts', () => {
  expect(parseCsv('a.csv', 'a\n"x\ny"\n\nb\r\n').map((record) => record.line)).toEqual([1, 2, 5])
})

test('line ends of Windows, a byte order mark and a missing last line break change nothing', () => {
  expect(fields('\uFEFFa,b\r\nc,d')).toEqual([
    ['a', 'b'],
    ['c', 'd'],
  ])
})

test('an empty field at the end of a line is a field', () => {
  expect(fields('a,\n"",\n')).toEqual([
    ['a', ''],
    ['', ''],
  ])
})

test.each([
  ['a,"b\nc\n', 'line 1: expected a closing quote'],
  ['a\nb"c"\n', 'line 2: expected a quote only at the start'],
  ['a\n"b"c\n', 'line 2: expected a comma or the end of the line'],
])('a misplaced quote is refused with its line: %j', (text, message) => {
  expect(() => parseCsv('a.csv', text)).toThrow(message)
})
