import { startPostgresServer } from './server.ts'

// A process of its own that starts a server and ends with 3, without saying so by `process.exit`.
const server = await startPostgresServer()
await server.remove()
process.exitCode = 3
