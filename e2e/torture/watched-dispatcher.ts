import { MeepoError, type Dispatcher } from '@meepo/core'
import type { LineFile, StoreLine } from './evidence.ts'

/** A dispatcher that writes down what the cluster took and what it refused, and passes fault points before and after. */
export function watchDispatcher(
  dispatcher: Dispatcher,
  worker: number,
  node: number,
  lines: LineFile,
  point: (name: string) => void,
): Dispatcher {
  return {
    begin: (host) => dispatcher.begin(host),
    serve: (definitions) => dispatcher.serve(definitions),
    stop: () => dispatcher.stop(),
    send: async (drive) => {
      const calledAt = Date.now()
      point('send.before')
      try {
        await dispatcher.send(drive)
      } catch (thrown) {
        const { runId } = drive
        const code = MeepoError.is(thrown) ? thrown.code : String(thrown)
        lines.write({ kind: 'unsent', at: Date.now(), calledAt, worker, node, runId, code } satisfies StoreLine)
        throw thrown
      }
      lines.write({ kind: 'sent', at: Date.now(), calledAt, worker, node } satisfies StoreLine)
      point('send.acked')
    },
  }
}
