/** A line that a diff adds, with its number in the file after the change. */
export interface AddedLine {
  readonly line: number
  readonly text: string
}

/** The added lines of a unified diff of one file. */
export function addedLines(diff: string): readonly AddedLine[] {
  const added: AddedLine[] = []
  let line = 0
  let isInside = false
  for (const text of diff.split('\n')) {
    const hunk = /^@@ -\S+ \+(\d+)/.exec(text)
    if (hunk !== null) {
      line = Number(hunk[1])
      isInside = true
    } else if (isInside && text.startsWith('+')) {
      added.push({ line, text: text.slice(1) })
      line++
    } else if (isInside && text.startsWith(' ')) line++
  }
  return added
}
