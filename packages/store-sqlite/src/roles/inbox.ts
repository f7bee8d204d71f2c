import { canonicalJson, MeepoError, type Delivery, type Inbox, type Mail } from '@meepo/core'
import { tenantOf } from '../client/encode.ts'
import type { WriteQueue } from '../client/queue.ts'
import type { Reader } from '../read/reader.ts'
import { optionalText, text, type Row } from '../row.ts'
import type { Delivered } from '../writer/mail.ts'

/** What comes from outside. */
export function createInbox(queue: WriteQueue, reader: Reader): Inbox {
  return {
    deliver: async (scope, runId, delivery) => {
      const command = { kind: 'deliver', tenant: tenantOf(scope), runId, delivery } as const
      // The writer answers this command with it.
      const delivered = (await queue.command(command)) as Delivered
      if (delivered.kind !== 'same_name') return delivered.kind
      if (canonicalJson(JSON.parse(delivered.data)) === canonicalJson(delivery.data)) return 'duplicate'
      if (delivered.isEnded) throw new MeepoError('run.ended', `run ${runId} has ended`)
      throw new MeepoError('signal.conflict', `run ${runId} got the signal ${delivery.name ?? ''} with another value`)
    },
    pending: async (scope, runId) =>
      reader.all('pending', reader.findRun(scope, runId).key).map((found) => toMail(runId, found)),
  }
}

function toMail(runId: string, found: Row): Mail {
  const name = optionalText(found, 'name')
  return {
    runId,
    id: text(found, 'delivery_id'),
    // The column holds nothing else: the writer fills it from this type.
    kind: text(found, 'kind') as Delivery['kind'],
    ...(name === undefined ? {} : { name }),
    data: JSON.parse(text(found, 'data')),
  }
}
