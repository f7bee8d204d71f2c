import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'

const rounds = 20
const block = Buffer.alloc(4_096, 1)

/**
 * The median time in which the disk under a folder confirms a write of 4 KB, in ms. Throws what the file system
 * throws; leaves nothing behind.
 */
export function measureSync(folder: string): number {
  const scratch = mkdtempSync(join(folder, '.meepo-doctor-'))
  try {
    const file = openSync(join(scratch, 'probe'), 'w')
    try {
      const times: number[] = []
      for (let round = 0; round < rounds; round++) {
        const begin = performance.now()
        writeSync(file, block)
        fdatasyncSync(file)
        times.push(performance.now() - begin)
      }
      return times.toSorted((a, b) => a - b)[rounds / 2] ?? 0
    } finally {
      closeSync(file)
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}
