import { MeepoError, type Blobs } from '@meepo/core'
import type { Database } from '../database/database.ts'

// blobs primary key. put_at keeps it from retention until an event names it.
const put = `INSERT INTO blobs (tenant, hash, body, put_at)
  VALUES ($1, $2, $3, extract(epoch FROM clock_timestamp()) * 1000)
  ON CONFLICT (tenant, hash) DO UPDATE SET put_at = excluded.put_at`
/** blobs primary key */
export const getBlob = 'SELECT body FROM blobs WHERE tenant = $1 AND hash = $2'

/** Large values. */
export function createBlobs(database: Database): Blobs {
  return {
    put: async ({ tenant }, id, body) => {
      await database.command((transaction) => transaction.run(put, tenant, id, Buffer.from(body)))
    },
    get: async ({ tenant }, id) => {
      const [found] = await database.all<{ body: Buffer }>(getBlob, tenant, id)
      if (!found) throw new MeepoError('store.failed', `the tenant has no blob ${id}`)
      return found.body.toString()
    },
  }
}
