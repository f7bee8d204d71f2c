import type { MeepoConfig } from 'meepo'

/** True for a store that is a file: not `memory`, not the address of a database server, not one that was opened already. */
export function isStoreFile(store: MeepoConfig['store']): store is string {
  return typeof store === 'string' && store !== 'memory' && !/^postgres(ql)?:/.test(store)
}
