// The door `@meepo/core/archive`: what leaves a store and comes back. Apart from the main door, as most processes never
// need it.

export { MeepoError } from './base/errors.ts'
export { archiveName, checkArchiveName, lastPart } from './archive/archive.ts'
export type { Archive, ArchiveCall, ArchiveEntry, PutOptions } from './archive/archive.ts'
export { seal, unseal } from './archive/sealed.ts'
