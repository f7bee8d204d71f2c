import type { Hash, Random } from './ports.ts'

/** Names one run, unique across tenants. */
export type RunId = string & { readonly brand?: 'RunId' }
/** Names a tenant. Every call of a store carries one. */
export type TenantId = string & { readonly brand?: 'TenantId' }
/** Names one engine process from its start to its end. */
export type EngineId = string & { readonly brand?: 'EngineId' }

/** Whose data a call may touch: one tenant, or everything (only engine and operator code hold `system`). */
export type Scope = { readonly tenant: TenantId } | 'system'

/** A new id of a root run: sorts by time, so that new runs are neighbours in an index. */
export function newRunId(now: number, random: Random): RunId {
  return `r${now.toString(36).padStart(9, '0')}${random.id().slice(0, 14)}`
}

/** The id of a child run: the same parent and child id always give the same run. */
export function childRunId(hash: Hash, parent: RunId, childId: string): RunId {
  return `c${hash(`${parent}\n${childId}`).slice(0, 24)}`
}
