import { toError, type MeepoError } from '@meepo/core'

import { prepare, type Asked, type AskOptions, type AskTools } from './ask.ts'

/**
 * An answer while it is written. Iterate it for the pieces of text, from the beginning each time; it fails as its last act
 * when the answer does. Leaving the loop early gives the call up.
 */
export interface TextStream extends AsyncIterable<string> {
  /** The whole answer with usage and cost. Rejects when the answer fails; nobody has to await it. */
  readonly final: Promise<Asked>
}

/** Begins at once. Throws for options that are wrong; what fails later is the stream's. */
export function stream(tools: AskTools, options: AskOptions): TextStream {
  const given = new AbortController()
  const signal = options.signal ? AbortSignal.any([options.signal, given.signal]) : given.signal
  const question = prepare(tools, { ...options, signal })
  const pieces = new Pieces()
  const final = question.put(question.request, '', { onText: (delta) => pieces.push(delta) }).then((response) => {
    pieces.end()
    return question.asked(response)
  })
  final.catch((error: unknown) => pieces.end(toError(error)))
  return {
    final,
    async *[Symbol.asyncIterator]() {
      let isThrough = false
      try {
        yield* pieces.read()
        isThrough = true
      } finally {
        if (!isThrough) given.abort()
      }
    },
  }
}

/** Text that arrives, for any number of readers. */
class Pieces {
  readonly #all: string[] = []
  #ending: { readonly error?: MeepoError } | undefined
  #news = Promise.withResolvers<undefined>()

  push(piece: string): void {
    this.#all.push(piece)
    this.#tell()
  }

  end(error?: MeepoError): void {
    this.#ending = error ? { error } : {}
    this.#tell()
  }

  async *read(): AsyncGenerator<string> {
    for (let at = 0; ;) {
      const news = this.#news.promise
      for (; at < this.#all.length; at += 1) yield this.#all[at] ?? ''
      if (this.#ending && at === this.#all.length) {
        if (this.#ending.error) throw this.#ending.error
        return
      }
      await news
    }
  }

  #tell(): void {
    this.#news.resolve(undefined)
    this.#news = Promise.withResolvers()
  }
}
