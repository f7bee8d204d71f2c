import { openWritable } from '../database.ts'
import type { Refused, WriterMessage, WriterRequest, WriterSettings } from '../protocol.ts'
import { describeFailure } from '../sqlite-error.ts'
import { Writer, type FaultPoint } from './writer.ts'

/** Without a batch for this long, what is in SQLite's log file is moved to its place. */
const idleMs = 1_000

/** The writer's end of a channel. */
export interface WriterChannel {
  post(message: WriterMessage): void
  onRequest(handle: (request: WriterRequest) => void): void
  /** Nothing more will come: lets the thread end. */
  close(): void
}

/** Opens the database and executes batches until it is told to close. Reports a database it cannot use. */
export async function serve(channel: WriterChannel, settings: WriterSettings): Promise<void> {
  let writer: Writer
  try {
    const onPoint = await loadFaultPoint(settings.faultModule)
    const db = openWritable(settings.path, settings.durability)
    writer = new Writer(db, onPoint ? { onPoint } : {})
  } catch (error) {
    const { code, message } = describeFailure(error)
    const refused: Refused = { code, message }
    channel.post({ kind: 'unusable', refused })
    channel.close()
    return
  }
  const idle = setTimeout(() => writer.checkpoint(), idleMs)
  idle.unref()
  channel.onRequest((request) => {
    if (request !== 'close') {
      channel.post({ kind: 'answer', answer: writer.handle(request) })
      idle.refresh()
      return
    }
    clearTimeout(idle)
    writer.close()
    channel.post({ kind: 'closed' })
    channel.close()
  })
  channel.post({ kind: 'ready' })
}

async function loadFaultPoint(url: string | undefined): Promise<((point: FaultPoint) => void) | undefined> {
  if (url === undefined) return undefined
  const loaded: unknown = await import(url)
  if (typeof loaded !== 'object' || loaded === null || !('faultPoint' in loaded)) {
    throw new TypeError(`${url} exports no faultPoint`)
  }
  const { faultPoint } = loaded
  if (typeof faultPoint !== 'function') throw new TypeError(`faultPoint of ${url} is no function`)
  return (point) => void faultPoint(point)
}
