import type { Chance } from './chance.ts'
import type { Source } from './source.ts'

/** Plants one problem in a source file. `noun` is what the file is about. */
type Plant = (source: Source, noun: string, chance: Chance) => void

/** One way to plant each rule that a scripted reviewer can find in a line. */
export const problems: Readonly<Record<string, Plant>> = {
  secret: (source, noun, chance) => {
    const key = Array.from({ length: 16 }, () => 'ABCDEFGHJKLMNPQRSTUVWXYZ234567'.charAt(chance.next(30))).join('')
    source.plant('secret', [`const ${noun}Access = 'AKIA${key}'`])
    source.add(`export const ${noun}Client = { access: ${noun}Access }`, '')
  },
  sql_injection: (source, noun) => {
    source.plant(
      'sql_injection',
      [
        `export function find${title(noun)}ByName(db, name) {`,
        `  return db.query("SELECT * FROM ${noun}s WHERE name = '" + name + "'")`,
        '}',
        '',
      ],
      1,
    )
  },
  swallowed_error: (source, noun) => {
    source.plant(
      'swallowed_error',
      [
        `export async function save${title(noun)}(store, ${noun}) {`,
        '  try {',
        `    await store.put(${noun}.id, ${noun})`,
        '  } catch (error) {',
        '  }',
        '}',
        '',
      ],
      3,
    )
  },
  debug_output: (source, noun) => {
    source.plant(
      'debug_output',
      [
        `export function count${title(noun)}s(${noun}s) {`,
        `  console.log('here', ${noun}s)`,
        `  return ${noun}s.length`,
        '}',
        '',
      ],
      1,
    )
  },
  open_marker: (source, noun, chance) => {
    const marker = ['TODO', 'FIXME'][chance.next(2)] ?? 'FIXME'
    source.plant(
      'open_marker',
      [
        `export function isOpen(${noun}) {`,
        `  // ${marker}: what about a ${noun} of last year?`,
        `  return ${noun}.closedAt === undefined`,
        '}',
        '',
      ],
      1,
    )
  },
  large_function: (source, noun, chance) => {
    const length = 64 + chance.next(40)
    const fields = Array.from({ length: length - 4 }, (_, at) => `  total += ${noun}.parts[${at}] ?? 0`)
    source.plant('large_function', [
      `export function weigh${title(noun)}(${noun}) {`,
      '  let total = 0',
      ...fields,
      '  return total',
      '}',
      '',
    ])
  },
}

/** Code that looks like a problem at a glance and is none. */
export const decoys: readonly Plant[] = [
  (source, noun) => {
    source.add(`export const ${noun}Token = process.env.${noun.toUpperCase()}_TOKEN`, '')
  },
  (source, noun) => {
    source.add(`export const ${noun}Password = '<your-password>'`, '')
  },
  (source, noun) => {
    source.add(
      `export function rename${title(noun)}(db, id, name) {`,
      `  return db.query('UPDATE ${noun}s SET name = ? WHERE id = ?', [name, id])`,
      '}',
      '',
    )
  },
  (source, noun) => {
    source.add(
      `export async function load${title(noun)}(store, id) {`,
      '  try {',
      '    return await store.get(id)',
      '  } catch (error) {',
      `    throw new Error('no ${noun} ' + id, { cause: error })`,
      '  }',
      '}',
      '',
    )
  },
  (source, noun) => {
    source.add(
      `// The ${noun} list replaces the todo list of old.`,
      `export const ${noun}Label = 'TODO: see label'`,
      '',
    )
  },
]

/** A word with a capital. */
export function title(word: string): string {
  return `${word.charAt(0).toUpperCase()}${word.slice(1)}`
}
