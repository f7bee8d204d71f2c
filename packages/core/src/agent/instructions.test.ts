import { expect, expectTypeOf, test } from 'vitest'
import { promptTemplate, type TemplateVariables } from './instructions.ts'

test('values stand where their names stood, as they are', () => {
  const template = promptTemplate('{{who}} pays {{ amount }} to {{who}}: {{isFinal}}')
  expect(template.variables).toEqual(['who', 'amount', 'isFinal'])
  expect(template({ who: '<b>{{amount}}</b> $&', amount: 1.5, isFinal: false })).toBe(
    '<b>{{amount}}</b> $& pays 1.5 to <b>{{amount}}</b> $&: false',
  )
})

test('the compiler knows the names', () => {
  expectTypeOf<TemplateVariables<'a {{x}} b {{ y }} c'>>().toEqualTypeOf<'x' | 'y'>()
  expectTypeOf<TemplateVariables<'none'>>().toEqualTypeOf<never>()
  const template = promptTemplate('{{x}}')
  // @ts-expect-error -- x is missing
  expect(() => template({})).toThrow('x')
})

test('all values that are missing, or no values, are named at once', () => {
  const template = promptTemplate('{{a}} {{b}} {{c}} {{toString}}')
  const wrong = { a: null, b: [1], c: 1 } as unknown as Record<'a' | 'b' | 'c' | 'toString', string>
  expect(() => template(wrong)).toThrow(
    expect.objectContaining({
      code: 'prompt.missing_variable',
      message: 'the template was given no text, number or boolean for a, b, toString',
      details: { variables: ['a', 'b', 'toString'] },
    }),
  )
  expect(() => template('text' as never)).toThrow(expect.objectContaining({ code: 'prompt.missing_variable' }))
})

test('braces that hold no name stay, and a text without holes is itself', () => {
  const text = 'Answer with {{"total": 1}} or {{ }} or {x}.'
  expect(promptTemplate(text as string)({})).toBe(text)
})
