import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Replaces a file as a whole: a crash leaves the old one or the new one, never a part. The text is on the disk, and so is
 * the name, when this returns. Repeating the call with the same text changes nothing. `beforeRename` is called while only
 * the temporary file holds the text.
 */
export function replaceFile(path: string, text: string, beforeRename?: () => void): void {
  mkdirSync(dirname(path), { recursive: true })
  const temporary = `${path}.tmp`
  const file = openSync(temporary, 'w')
  try {
    writeFileSync(file, text)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  beforeRename?.()
  renameSync(temporary, path)
  const folder = openSync(dirname(path), 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}
