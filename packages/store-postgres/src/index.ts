export { openPostgresStore, type PostgresStore, type PostgresStoreOptions } from './open.ts'
export type { PoolStats } from './database/pool-stats.ts'
