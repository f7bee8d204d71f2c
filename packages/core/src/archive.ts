// The door `@meepo/core/archive`: what leaves a store and comes back. Apart from the main door, as most processes never
// need it.

export { MeepoError } from './base/errors.ts'
export { archiveName, checkArchiveName, lastPart } from './archive/archive.ts'
export type { Archive, ArchiveCall, ArchiveEntry, PutOptions } from './archive/archive.ts'
export { seal, unseal } from './archive/sealed.ts'
export { copyTree } from './archive/copy-tree.ts'
export { eraseSubject, type EraseParts, type ErasureReceipt } from './archive/erase.ts'
export { pasteTree, type Pasted } from './archive/paste-tree.ts'
export type { RunCopy, TreeCopy } from './archive/run-copy.ts'
export { checkpointForm, readDocument, runForm, writeDocument } from './archive/run-document.ts'
export type { DocumentFacts, RunDocument } from './archive/run-document.ts'
export { checkpointId, parseCheckpointId, type Checkpoint, type HeldNote } from './checkpoint/checkpoint.ts'
export { createCheckpoints } from './checkpoint/checkpoints.ts'
export type {
  Checkpoints,
  CheckpointsOptions,
  CheckpointView,
  HoldOptions,
  ResumeOptions,
} from './checkpoint/checkpoints.ts'
export { forkRun, type ForkOptions, type Prefix } from './checkpoint/fork.ts'
