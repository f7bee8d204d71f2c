import { MeepoError } from '@meepo/core'
import type { ClientBase } from 'pg'

interface Settings {
  readonly version: string
  readonly readOnly: string
  readonly standby: boolean
  readonly fsync: string
  readonly pages: string
  readonly commit: string
  readonly encoding: string
}

const oldest = 140_000

/** Refuses a server that cannot keep what it acknowledges. Changes nothing. */
export async function checkServer(client: ClientBase): Promise<void> {
  const found = await client.query<Settings>(`SELECT current_setting('server_version_num') AS version,
    current_setting('default_transaction_read_only') AS "readOnly", pg_is_in_recovery() AS standby,
    current_setting('fsync') AS fsync, current_setting('full_page_writes') AS pages,
    current_setting('synchronous_commit') AS commit, current_setting('server_encoding') AS encoding`)
  const [settings] = found.rows
  if (!settings) throw new TypeError('a statement that always has a row had none')
  const { version, readOnly, standby, fsync, pages, commit, encoding } = settings
  if (standby || readOnly === 'on') {
    throw new MeepoError('store.not_writable', `the server is ${standby ? 'a standby' : 'read-only'}`)
  }
  const unsafe = Object.entries({ fsync, full_page_writes: pages, synchronous_commit: commit })
  const off = unsafe.filter(([, value]) => value === 'off').map(([name]) => name)
  if (off.length > 0) {
    throw new MeepoError('store.not_durable', `the server runs with ${off.map((name) => `${name}=off`).join(' and ')}`)
  }
  if (encoding !== 'UTF8') throw new MeepoError('store.not_durable', `the database is ${encoding}, not UTF8`)
  if (Number(version) < oldest) {
    throw new MeepoError('store.not_durable', `the server is version ${version}; ${oldest} or newer is needed`)
  }
}
