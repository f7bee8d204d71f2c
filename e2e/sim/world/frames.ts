// How records lie on the disk: length, checksum, text. A reader knows by them where a write was cut.

/** One record with its head. */
export function frame(text: string): string {
  return `${text.length.toString(36)} ${checksum(text)} ${text}\n`
}

/** All whole records from the beginning, and where they end: behind that lies what a power cut left. */
export function readFrames(file: string): { readonly records: readonly string[]; readonly end: number } {
  const records: string[] = []
  let end = 0
  for (;;) {
    const head = /^([0-9a-z]+) ([0-9a-z]+) /.exec(file.slice(end, end + 24))
    if (!head) return { records, end }
    const from = end + head[0].length
    const to = from + Number.parseInt(head[1] ?? '', 36)
    const text = file.slice(from, to)
    if (file[to] !== '\n' || checksum(text) !== head[2]) return { records, end }
    records.push(text)
    end = to + 1
  }
}

function checksum(text: string): string {
  let sum = 2166136261
  for (let index = 0; index < text.length; index++) sum = Math.imul(sum ^ text.charCodeAt(index), 16777619)
  return (sum >>> 0).toString(36)
}
