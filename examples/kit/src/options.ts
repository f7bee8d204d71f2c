import { parseArgs } from 'node:util'

import { ExampleError } from './example-error.ts'

/** The options of an example: `text` takes a value, `flag` does not. */
export type OptionSpecs = Readonly<Record<string, 'text' | 'flag'>>

/** What was given on the command line. */
export interface GivenOptions<S extends OptionSpecs> {
  readonly words: readonly string[]
  readonly texts: { readonly [K in keyof S as S[K] extends 'text' ? K : never]?: string }
  readonly flags: { readonly [K in keyof S as S[K] extends 'flag' ? K : never]: boolean }
}

/** Reads a command line with at most `maxWords` words beside the options; throws `example.bad_option`. */
export function readOptions<S extends OptionSpecs>(
  args: readonly string[],
  specs: S,
  { maxWords, usage }: { readonly maxWords: number; readonly usage: string },
): GivenOptions<S> {
  const types = Object.entries(specs).map(([name, kind]) => [name, { type: kind === 'text' ? 'string' : 'boolean' }])
  const { values, positionals } = parse(args, Object.fromEntries(types), usage)
  if (positionals.length > maxWords) throw badOption(`too much: ${positionals.slice(maxWords).join(' ')}`, usage)
  const named = (kind: 'text' | 'flag'): string[] => Object.keys(specs).filter((name) => specs[name] === kind)
  return {
    words: positionals,
    // The parser has checked each value against its kind.
    texts: Object.fromEntries(named('text').map((name) => [name, values[name]])) as GivenOptions<S>['texts'],
    flags: Object.fromEntries(named('flag').map((name) => [name, values[name] === true])) as GivenOptions<S>['flags'],
  }
}

function parse(args: readonly string[], options: Record<string, { type: 'string' | 'boolean' }>, usage: string) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true })
  } catch (cause) {
    throw badOption(cause instanceof Error ? cause.message : String(cause), usage, cause)
  }
}

function badOption(message: string, usage: string, cause?: unknown): ExampleError {
  return new ExampleError('example.bad_option', message, usage, cause)
}
