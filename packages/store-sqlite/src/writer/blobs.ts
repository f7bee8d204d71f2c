import type { TenantId } from '@meepo/core'
import type { Desk } from './desk.ts'

/** See `Blobs.put`. */
export function putBlob(desk: Desk, tenant: TenantId, hash: string, body: string): void {
  desk.run.putBlob.run(tenant, hash, body)
  desk.run.notePut.run(hash, tenant)
}
