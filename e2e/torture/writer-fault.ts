import { openLines, storeFile } from './evidence.ts'
import { passWriterPoint } from './kill-switch.ts'
import { readSettings } from './settings.ts'

// Loaded by the writer thread of a worker through the store's `faultModule`.
const { folder, worker, armFile } = readSettings()

export function faultPoint(name: string): void {
  passWriterPoint(armFile, worker, name, () => openLines(storeFile(folder, worker)))
}
