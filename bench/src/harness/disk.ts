import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { median } from './rounds.ts'

/** Above it durable figures tell more about the disk than about the platform. */
export const slowDiskMs = 0.5

/** The median time that this folder's disk takes to confirm a write into a file of a fixed length, milliseconds. */
export function measureDisk(folder: string): number {
  const path = join(folder, 'fdatasync')
  const file = openSync(path, 'w')
  try {
    const page = Buffer.alloc(8_192, 1)
    const pages = 64
    for (let index = 0; index < pages; index++) writeSync(file, page, 0, page.length, index * page.length)
    fdatasyncSync(file)
    const times = Array.from({ length: 3 * pages }, (_, index) => {
      const began = performance.now()
      writeSync(file, page, 0, page.length, (index % pages) * page.length)
      fdatasyncSync(file)
      return performance.now() - began
    })
    return median(times)
  } finally {
    closeSync(file)
    rmSync(path)
  }
}
