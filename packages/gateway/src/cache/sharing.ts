import type { GatewayCall } from '../pipeline/stage.ts'
import { cacheKey } from './cache-key.ts'

/** That a call may have the answer of another one. */
export interface Sharing {
  readonly key: string
  /** How old that answer may be. */
  readonly forMs: number
  /** How old it may be when every target fails; 0: none stands in. */
  readonly staleMs: number
}

/** Says which calls may share answers; `undefined`: this one wants its own. */
export type SharingPolicy = (call: GatewayCall) => Sharing | undefined

/** When calls share answers without asking for it. */
export interface SharingOptions {
  /** How long answers to temperature 0 are kept. Absent: only calls with `routing.cacheMs` share. */
  readonly deterministicMs?: number | undefined
  /** The targets behind a name: an alias that names another model has other answers. */
  readonly modelOf: (name: string) => string
}

/**
 * A call shares when it asks for it (`routing.cacheMs`; 0 forbids it), or when it has temperature 0 and the gateway lets such
 * calls share. Without an account there is no tenant, and nothing is shared. Calls that are meant to differ, as the votes of
 * a consensus, therefore do.
 */
export function sharingPolicy({ deterministicMs = 0, modelOf }: SharingOptions): SharingPolicy {
  const known = new WeakMap<GatewayCall, Sharing>()
  return (call) => {
    const { request, account, name } = call
    const { tenant } = account
    const forMs = request.routing?.cacheMs ?? (request.settings?.temperature === 0 ? deterministicMs : 0)
    if (!(forMs > 0) || tenant === '') return undefined
    // The stages ask one after the other. Never by the request: an agent's grows from call to call.
    let sharing = known.get(call)
    if (!sharing) {
      const key = cacheKey({ tenant, model: modelOf(name), request })
      known.set(call, (sharing = { key, forMs, staleMs: request.routing?.staleMs ?? 0 }))
    }
    return sharing
  }
}
