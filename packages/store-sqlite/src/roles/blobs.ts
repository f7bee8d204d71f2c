import { MeepoError, type Blobs } from '@meepo/core'
import type { WriteQueue } from '../client/queue.ts'
import type { Reader } from '../read/reader.ts'
import { text } from '../row.ts'

/** Large values. */
export function createBlobs(queue: WriteQueue, reader: Reader): Blobs {
  return {
    put: async ({ tenant }, id, body) => {
      await queue.command({ kind: 'put', tenant, hash: id, body })
    },
    get: async ({ tenant }, id) => {
      const [found] = reader.all('blob', id, tenant)
      if (!found) throw new MeepoError('store.failed', `the tenant has no blob ${id}`)
      return text(found, 'body')
    },
  }
}
