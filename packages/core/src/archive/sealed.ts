import { MeepoError } from '../base/errors.ts'
import type { Hash } from '../base/ports.ts'

const mark = 'meepo-object 1'

/** Text as archives keep it: behind a line with its digest, so that a reader knows whether it is what was put. */
export function seal(hash: Hash, text: string): string {
  return `${mark} ${hash(text)} ${text.length}\n${text}`
}

/** The text of a sealed object. Throws `archive.corrupt`. */
export function unseal(hash: Hash, name: string, sealed: string): string {
  const end = sealed.indexOf('\n')
  const text = sealed.slice(end + 1)
  const head = `${mark} ${hash(text)} ${text.length}`
  if (end >= 0 && sealed.slice(0, end) === head) return text
  throw new MeepoError('archive.corrupt', `the object ${name} is not what was put`, { details: { name } })
}
