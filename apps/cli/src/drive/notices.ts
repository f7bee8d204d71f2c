import { MeepoError, type ErrorCode } from '@meepo/core'
import type { MeepoConfig } from 'meepo'

type Notice = Parameters<NonNullable<MeepoConfig['onNotice']>>[0]

/** Trouble that repeating does not cure while this process goes on. */
const fatal: readonly ErrorCode[] = ['store.disk_full', 'store.not_writable', 'store.corrupt', 'store.newer_format']

/** The same error when it is of that kind. */
export function fatalError(thrown: unknown): MeepoError | undefined {
  return MeepoError.is(thrown) && fatal.some((code) => code === thrown.code) ? thrown : undefined
}

/** What an engine tells outside of any run, kept until somebody listens. Each thing is told once. */
export class Notices {
  readonly #told = new Set<string>()
  readonly #kept: Notice[] = []
  #tell: ((notice: Notice) => void) | undefined

  /** For the engine. */
  readonly add = (notice: Notice): void => {
    const text = `${notice.code}: ${notice.message}`
    if (this.#told.has(text)) return
    this.#told.add(text)
    if (this.#tell) this.#tell(notice)
    else this.#kept.push(notice)
  }

  listen(show: (text: string) => void, onFatal: (error: MeepoError) => void): void {
    this.#tell = ({ code, message }) => {
      const known = fatal.find((one) => one === code)
      if (known) onFatal(new MeepoError(known, message))
      else show(`${code}: ${message}`)
    }
    for (const notice of this.#kept.splice(0)) this.#tell(notice)
  }
}
