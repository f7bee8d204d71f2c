export { inspectSqliteFile, type SqliteFile } from './inspect.ts'
export type { Durability } from './database.ts'
export { openSqliteStore, type SqliteStoreOptions } from './open.ts'
