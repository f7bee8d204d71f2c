/** What a transport did so far. */
export interface TransportCounts {
  /** Requests that got a connection. */
  requests: number
  /** Connections that were opened for them; the others were used again. */
  sockets: number
}

/** Of all transports of this process. */
export const allCounts: TransportCounts = { requests: 0, sockets: 0 }

/** What all transports of this process did: how many requests found a connection that was open already. */
export function transportCounts(): Readonly<TransportCounts> {
  return { ...allCounts }
}
