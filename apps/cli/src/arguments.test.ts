import { expect, test } from 'vitest'
import { parseJson, readInput } from './arguments.ts'

test('what is no JSON is told by its place, never by its content', () => {
  expect(parseJson('[1]', 'it')).toEqual([1])
  expect(() => parseJson('{"key": "sk-secret" "x"}', '--input')).toThrow(/^--input is no JSON at line 1, column \d+$/)
  expect(() => parseJson('hello world', '--input')).toThrow('a text needs quotes of its own')
})

test('a file that cannot be read is named', async () => {
  await expect(readInput('@/nowhere/x.json')).rejects.toMatchObject({
    code: 'input.unreadable',
    message: expect.stringContaining('ENOENT'),
  })
})
