// Global set-up of integration tests: what they write goes to memory where there is enough of it. They open thousands of
// databases, and would wait for the disk most of the time. What a power cut leaves is tested elsewhere.
import { chmodSync, mkdtempSync, rmSync, statfsSync } from 'node:fs'

const memory = '/dev/shm'
const enoughBytes = 4 * 1024 ** 3

/** Sets the folder of temporary files for all workers; what it returns removes it. */
export function setup(): (() => void) | undefined {
  if (!hasRoom()) return undefined
  const folder = mkdtempSync(`${memory}/meepo-test-`)
  // Database servers run as another user.
  chmodSync(folder, 0o755)
  process.env.TMPDIR = folder
  return () => rmSync(folder, { recursive: true, force: true })
}

function hasRoom(): boolean {
  try {
    const { bavail, bsize } = statfsSync(memory)
    return bavail * bsize > enoughBytes
  } catch {
    // No such file system here: the disk does.
    return false
  }
}
