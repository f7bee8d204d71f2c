export { startPostgresServer, type PostgresServer } from './server.ts'
