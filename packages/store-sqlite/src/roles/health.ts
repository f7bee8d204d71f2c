import type { HealthBoard, JsonObject } from '@meepo/core'
import type { WriteQueue } from '../client/queue.ts'
import type { Reader } from '../read/reader.ts'
import { integer, text } from '../row.ts'
import type { HealthAnswer } from '../writer/health.ts'

/** The health of ways to providers, as all processes on the file told it. */
export function createHealthBoard(queue: Pick<WriteQueue, 'command'>, reader: Pick<Reader, 'all'>): HealthBoard {
  return {
    read: () =>
      reader.all('health').map((row) => ({
        key: text(row, 'key'),
        revision: integer(row, 'revision'),
        state: parse(text(row, 'state')),
      })),
    write: async ({ key, revision, state }) => {
      const command = { kind: 'health', key, revision, state: JSON.stringify(state) } as const
      // The writer answers this command with it.
      const answer = (await queue.command(command)) as HealthAnswer
      return {
        isWritten: answer.isWritten,
        row: { key, revision: answer.revision, state: parse(answer.state) },
      }
    },
  }
}

function parse(json: string): JsonObject {
  // Written by `write`.
  return JSON.parse(json) as JsonObject
}
