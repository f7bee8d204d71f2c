import { runStoreProcess, type StoreProcessRole } from '@meepo/core/testing'
import { openPostgresStore } from '../open.ts'

// A process of its own on a database: `process.fixture.ts ROLE NAME URL SCHEMA`. What it prints is acknowledged.
const [role = '', name = '', url = '', schema = ''] = process.argv.slice(2)
const store = await openPostgresStore({ url, schema })

// The test that starts this process gives it one of them.
await runStoreProcess(store, role as StoreProcessRole, name, (line) => process.stdout.write(`${line}\n`))
