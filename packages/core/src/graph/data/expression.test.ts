import { beforeAll, expect, test, vi } from 'vitest'
import { loadExpressions, maxCost, weightOf } from './cel.ts'
import { compileExpression } from './expression.ts'
import { compileMapping } from './mapping.ts'
import { nearTo } from './near.ts'

beforeAll(() => loadExpressions())

function evaluate(text: string, values: object = {}): unknown {
  return compileExpression(text, 'itemRound').evaluate(values)
}

test.for<[string, object, unknown]>([
  ['input.a + 1', { input: { a: 2 } }, 3],
  ['1 + input.a / 2', { input: { a: 5 } }, 3.5],
  ['input.a % 2 == 0', { input: { a: 4 } }, true],
  ['input.a % input.b', { input: { a: 4, b: 3 } }, 1],
  ['5 - input.a * 2', { input: { a: 1.5 } }, 2],
  ['input.a - 1', { input: { a: 1.5 } }, 0.5],
  ['[1, "a", null, [true]]', {}, [1, 'a', null, [true]]],
  ['{"a": input.b, "c": {"d": 1}}', { input: { b: 1.5 } }, { a: 1.5, c: { d: 1 } }],
  ['has(results.a) ? "yes" : "no"', { results: {} }, 'no'],
  ['tasks.a.status', { tasks: { a: { status: 'failed' } } }, 'failed'],
  ['results.?a.?b.orValue(7)', { results: {} }, 7],
  ['input.map(k, k)', { input: { x: 1, y: 2 } }, ['x', 'y']],
  ['input.filter(i, i > 1).size()', { input: [1, 2, 3] }, 2],
  ['input.exists(i, i == last) && !(times > 2)', { input: [1], last: 1, times: 0 }, true],
  ['"a,b".split(",")', {}, ['a', 'b']],
  ['-input', { input: 2 }, -2],
  ['item', { item: undefined }, null],
  ['input', { input: { a: undefined, b: 1 } }, { b: 1 }],
  ['input[?0].orValue(index)', { input: [], index: 3 }, 3],
  ['results["a-b"].x', { results: { 'a-b': { x: 1 } } }, 1],
])('%s of %j is %j', ([text, values, result]) => {
  expect(evaluate(text, values)).toEqual(result)
})

test.for<[string, string]>([
  ['1 +', 'Unexpected token: EOF, in `1 +` at character 4'],
  ['inputs.a', 'Unknown variable: inputs; did you mean input?, in `inputs.a` at character 1'],
  ['"a" + 1', 'no such overload: string + int, in `"a" + 1` at character 1'],
  ['"a".matches("(a+)+$")', 'there is no function matches, in `"a".matches("(a+)+$")` at character 1'],
  ['timestamp("2024-01-01T00:00:00Z")', 'there is no function timestamp'],
  ['now()', 'there is no function now'],
  ['[1].map()', 'found no matching overload'],
  ['cel.bind(a, 1, a)', 'there is no function bind'],
  ['size(1, 2)', 'found no matching overload'],
  [`${'['.repeat(70)}${']'.repeat(70)}`, 'in `['],
  ['1'.repeat(5_000), 'it has 5000 characters; 4000 are allowed'],
])('%s is refused before anything runs', ([text, said]) => {
  const compile = () => compileExpression(text, 'task')
  expect(compile).toThrow(said)
  expect(compile).toThrow(expect.objectContaining({ code: 'expression.invalid' }))
})

test('an expression has to give what is expected of it', () => {
  expect(() => compileExpression('"a"', 'task', 'a boolean')).toThrow(
    'it gives string and has to give a boolean, in `"a"`',
  )
  expect(() => compileExpression('true', 'task', 'a list')).toThrow('it gives bool and has to give a list')
  expect(compileExpression('["a"]', 'task', 'a list').type).toBe('list<string>')
  expect(compileExpression('input.a', 'task', 'a number').type).toBe('dyn')
})

test('names belong to their scope', () => {
  expect(() => compileExpression('item', 'task')).toThrow('Unknown variable: item')
  expect(() => compileExpression('last', 'item')).toThrow('Unknown variable: last')
  expect(() => compileExpression('item', 'round')).toThrow('Unknown variable: item')
  expect(() => compileExpression('last', 'output')).toThrow('Unknown variable: last')
})

test.for<[string, object]>([
  ['input.a', { input: {} }],
  [
    'input.a',
    {
      input: {
        get a() {
          throw new Error('secret')
        },
      },
    },
  ],
  ['input.constructor', { input: {} }],
  ['input["__proto__"]', { input: {} }],
  ['input.constructor', { input: 'text' }],
  ['input.length', { input: [1] }],
  ['input.a', { input: Object.create({ a: 1 }) as object }],
  ['input.a.b', { input: { a: null } }],
  ['1 / 0', {}],
  ['9007199254740993', {}],
  ['input / 0.0', { input: 1 }],
  ['results.?a', { results: {} }],
  ['input ? 1 : 2', { input: 'secret' }],
  ['input.x', { input: new Map([['x', 1]]).values() }],
])('%s cannot be evaluated', ([text, values]) => {
  const attempt = () => evaluate(text, values)
  expect(attempt).toThrow(expect.objectContaining({ code: 'expression.failed' }))
  expect(attempt).not.toThrow(/secret/)
})

test('an error tells the position, and a long text is cut', () => {
  expect(() => evaluate('true && input.q == 1', { input: {} })).toThrow(
    'No such key: q, in `true && input.q == 1` at character 15',
  )
  const long = `input.q == "${'x'.repeat(200)}"`
  expect(() => evaluate(long, { input: {} })).toThrow(/`input\.q == "x{80,}\.\.\.` at character 7$/)
})

const thousand = Array.from({ length: 1_000 }, (_, index) => index)
test.for<[string, object]>([
  ['input.all(a, input.all(b, input.all(c, a == b || c != 1001)))', { input: thousand }],
  ['input.exists(a, input.exists(b, input.exists(c, a + b + c < 0)))', { input: thousand }],
  ['input.map(a, input.map(b, input.map(c, a)))', { input: thousand }],
  ['[1, 2].exists(a, input.all(x, input.all(y, input.all(z, true)))) || true', { input: thousand }],
  [`[["x"]]${'.map(l, l + l)'.repeat(30)}`, {}],
  [`["xxxxxxxx"]${'.map(s, s + s)'.repeat(40)}`, {}],
  ['input.all(a, results == results)', { input: thousand, results: { big: thousand.map(String), more: { thousand } } }],
  ['input.all(a, a in results)', { input: thousand, results: [...thousand, ...thousand] }],
  ['input.all(a, !results.contains("y"))', { input: thousand, results: 'x'.repeat(100_000) }],
  [
    'input.exists(a, results.exists(k, k == "k0") && false)',
    { input: thousand, results: Object.fromEntries(thousand.map((each) => [`k${each}`, each])) },
  ],
])('hostile work ends with expression.too_costly: %s', ([text, values]) => {
  expect(() => evaluate(text, values)).toThrow(
    expect.objectContaining({
      code: 'expression.too_costly',
      message: expect.stringContaining(String(maxCost)) as unknown,
    }),
  )
})

test('after hostile work the next evaluation starts anew', () => {
  expect(() => evaluate('input.all(a, input.all(b, input.all(c, true)))', { input: thousand })).toThrow('units of work')
  expect(evaluate('input.all(a, a >= 0)', { input: thousand })).toBe(true)
})

test('what is weighed is weighed no further than asked', () => {
  expect(weightOf('x'.repeat(640), 100)).toBe(11)
  expect(weightOf([1, { a: 'b' }, null], 100)).toBe(7)
  expect(weightOf(thousand, 10)).toBe(1_001)
})

test('what an expression reads is known from its text', () => {
  const reads = (text: string) => {
    const { names, tasks, readsAny, path } = compileExpression(text, 'task')
    return [[...names], [...tasks], readsAny, path]
  }
  expect(reads('results.a.b')).toEqual([['results'], ['a'], false, ['results', 'a', 'b']])
  expect(reads('results["a"].x == tasks.?b.status.orValue("")')).toEqual([
    ['tasks', 'results'],
    ['b', 'a'],
    false,
    undefined,
  ])
  expect(reads('results[input.a]')).toEqual([['input', 'results'], [], true, undefined])
  expect(reads('input.map(results, results.a)')).toEqual([['input'], [], false, undefined])
  expect(reads('has(results.a) && {"x": !input.b}.size() > -1')).toEqual([
    ['input', 'results'],
    ['a'],
    false,
    undefined,
  ])
  expect(reads('input.map(i, i > 1, i)[0]')).toEqual([['input'], [], false, undefined])
  expect(reads('input[0]')).toEqual([['input'], [], false, undefined])
  expect(reads('dyn([1]).map(1 + 1, 2) == [] || true'.slice(-4))).toEqual([[], [], false, undefined])
})

test('a mapping makes JSON of expressions and literals', () => {
  const wrong: string[] = []
  const { make, expressions } = compileMapping(
    { a: '=input.x', b: ['==x', 1, null, { c: '=1 + 1' }], d: 'text' },
    'task',
    'input',
    (path) => wrong.push(path),
  )
  expect(make({ input: { x: true } })).toEqual({ a: true, b: ['=x', 1, null, { c: 2 }], d: 'text' })
  expect(expressions).toHaveLength(2)
  const bad = compileMapping({ a: ['=1 +'], b: '=y' }, 'task', 'input', (path) => wrong.push(path))
  expect(bad.make({})).toEqual({ a: [null], b: null })
  let deep: unknown = 1
  for (let level = 0; level < 200; level++) deep = [deep]
  compileMapping(deep as never, 'task', 'deep', (path) => wrong.push(path.slice(0, 7))).make({})
  expect(wrong).toEqual(['input.a[0]', 'input.b', 'deep[0]'])
})

test('names that are like another one are told, or all of a few', () => {
  expect(nearTo('sarch', ['search', 'other'])).toBe('; did you mean search?')
  expect(nearTo('zzz', ['search', 'other'])).toBe('; there is search, other')
  expect(nearTo('zzz', [])).toBe('')
  expect(nearTo('y'.repeat(101), ['x'.repeat(101)])).toBe(`; there is ${'x'.repeat(101)}`)
})

test('an expression before the evaluator is loaded is told', async () => {
  vi.resetModules()
  const fresh = await import('./expression.ts')
  expect(() => fresh.compileExpression('1', 'task')).toThrow(expect.objectContaining({ code: 'expression.not_loaded' }))
})
