import { createHash } from 'node:crypto'
import { openSync, writeSync } from 'node:fs'
import { z } from 'zod'

import type { DemoSurroundings } from '../demo/run-demo.ts'
import type { Watch } from '../platform/watch.ts'
import type { EffectLine } from './effects.ts'
import type { PointPlace } from './plan.ts'

/** What the parent tells the process that it is going to kill, in `ERP_CRASH_PLAN`. */
export interface CrashPlan {
  readonly effects: string
  readonly url: string
  /** Without: go on to the end. */
  readonly point?: { readonly place: PointPlace; readonly nth: number }
}

const crashPlan: z.ZodType<CrashPlan> = z.strictObject({
  effects: z.string(),
  url: z.string(),
  point: z
    .strictObject({
      place: z.enum(['child', 'answer', 'tool-begun', 'tool-ended', 'temporary-file']),
      nth: z.int(),
    })
    .optional(),
})

/**
 * Writes each execution of a body to the effects file, as the world outside would see it, and stops the whole process at
 * its point: it stands still exactly there until the parent kills it.
 */
export function hooksOf(text: string): Pick<DemoSurroundings, 'offlineUrl' | 'watch' | 'fetch'> {
  const { effects, url, point } = crashPlan.parse(JSON.parse(text))
  const file = openSync(effects, 'a')
  const write = (line: EffectLine): void => void writeSync(file, `${JSON.stringify(line)}\n`)
  let passed = 0
  const at = (place: PointPlace): void => {
    if (place !== point?.place || ++passed !== point.nth) return
    write({ kind: 'held', place })
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  }
  const watch: Watch = {
    at,
    around: ({ key, name, args }, body) => {
      const hash = createHash('sha256').update(JSON.stringify(args)).digest('hex')
      write({ kind: 'begun', key, name, hash })
      at('tool-begun')
      const result = body()
      write({ kind: 'ended', key })
      at('tool-ended')
      return result
    },
  }
  return { offlineUrl: url, watch, fetch: holdingFetch(at) }
}

/** Stops between a whole answer and whoever asked. */
function holdingFetch(at: (place: PointPlace) => void): typeof globalThis.fetch {
  return async (input, init) => {
    const { status, headers, ...response } = await whole(await fetch(input, init))
    at('answer')
    return new Response(response.text, { status, headers })
  }
}

async function whole(response: Response): Promise<{ status: number; headers: Headers; text: string }> {
  return { status: response.status, headers: response.headers, text: await response.text() }
}
