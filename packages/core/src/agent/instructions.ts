import { MeepoError } from '../base/errors.ts'

/** What a variable of a template may be. It is put in as it is: nothing is escaped. */
export type TemplateValue = string | number | boolean

/** The names between double braces in a literal text; any name where the text is not known to the compiler. */
export type TemplateVariables<Text extends string> = string extends Text
  ? string
  : Text extends `${string}{{${infer Name}}}${infer Rest}`
    ? Trim<Name> | TemplateVariables<Rest>
    : never

type Trim<Text extends string> = Text extends ` ${infer Rest}` | `${infer Rest} ` ? Trim<Rest> : Text

/** A text with holes: call it with the values. Throws `prompt.missing_variable`. */
export interface PromptTemplate<Names extends string = string> {
  (values: { readonly [Name in Names]: TemplateValue }): string
  readonly text: string
  /** The names of the holes, in the order in which they come first. */
  readonly variables: readonly string[]
}

/** What tells an agent what to do: a text, or a pure function of its input, such as a {@link PromptTemplate}. */
export type Instructions<I = never> = string | { text(input: I): string }['text']

const hole = /\{\{\s*([A-Za-z_][\w.-]*)\s*\}\}/g

/**
 * Makes a template. Values are put in as they are; a value that itself holds braces is not looked at again. Braces
 * around something that is no name stay as they are.
 * @example promptTemplate('You help {{customer}} in {{language}}.')({ customer: 'Ada', language: 'French' })
 */
export function promptTemplate<const Text extends string>(text: Text): PromptTemplate<TemplateVariables<Text>> {
  const variables = [...new Set([...text.matchAll(hole)].map(([, name = '']) => name))]
  const fill = (values: Readonly<Record<string, unknown>>): string => {
    const wrong = variables.filter((name) => !isValue(own(values, name)))
    if (wrong.length > 0) throw missing(wrong)
    return text.replace(hole, (_match, name: string) => String(own(values, name)))
  }
  return Object.assign(fill, { text, variables })
}

function own(values: unknown, name: string): unknown {
  if (typeof values !== 'object' || values === null || !Object.hasOwn(values, name)) return undefined
  // It is an object that has the name itself.
  return (values as Readonly<Record<string, unknown>>)[name]
}

function isValue(value: unknown): value is TemplateValue {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}

function missing(names: readonly string[]): MeepoError {
  const list = names.join(', ')
  const message = `the template was given no text, number or boolean for ${list}`
  return new MeepoError('prompt.missing_variable', message, { details: { variables: [...names] } })
}
