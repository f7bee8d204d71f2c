import type { Store } from '@meepo/core'

/** Calls of a store by their roles. */
type Calls = { readonly [Role in keyof Store]?: Partial<Store[Role]> }

/** `store` with some calls replaced: for the faults of a test. */
export function storeWith(
  store: Store,
  { log, inbox, leases, blobs }: Pick<Calls, 'log' | 'inbox' | 'leases' | 'blobs'>,
): Store {
  return {
    ...store,
    close: () => store.close(),
    log: { ...store.log, ...log },
    inbox: { ...store.inbox, ...inbox },
    leases: { ...store.leases, ...leases },
    blobs: { ...store.blobs, ...blobs },
  }
}
