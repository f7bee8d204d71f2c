import { runStoreProcess, type StoreProcessRole } from '@meepo/core/testing'
import { openSqliteStore } from '../open.ts'

// A process of its own on a database: `process.fixture.ts ROLE PATH NAME`. What it prints is acknowledged.
const [role = '', path = '', name = ''] = process.argv.slice(2)
const store = await openSqliteStore({ path })

// The test that starts this process gives it one of them.
await runStoreProcess(store, role as StoreProcessRole, name, (line) => process.stdout.write(`${line}\n`))
