const names = new Map<string, string>()

/** What a statement is given. Buffers are the arrays of `arrays.ts`. */
export type Value = string | number | boolean | Buffer | null

/** A statement that a connection prepares once, with its values. Texts are constants: there are as many names as those. */
export function prepared(text: string, values: readonly Value[]): { name: string; text: string; values: Value[] } {
  let name = names.get(text)
  if (name === undefined) {
    name = `meepo_${names.size}`
    names.set(text, name)
  }
  return { name, text, values: [...values] }
}
