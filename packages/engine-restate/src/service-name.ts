import { hash } from 'node:crypto'

/**
 * The name of the Restate service for runs of one definition in one version: `meepo.research-1_0-1f0c…`. The digest keeps
 * names apart that differ only in what a service name may not hold.
 */
export function serviceName(namespace: string, definition: string): string {
  const readable = definition.replace('@', '-').replaceAll(/[^A-Za-z0-9-]/g, '_')
  return `${namespace}.${readable}-${hash('sha256', definition).slice(0, 8)}`
}
