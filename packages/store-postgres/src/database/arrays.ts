// Parameters for `unnest` in the binary format: text arrays would be escaped here and parsed character by character there,
// which costs more than everything else that an append does.

const textType = 25
const integerType = 20
const doubleType = 701
const headBytes = 20

/** `text[]`. */
export function texts(values: readonly (string | null)[]): Buffer {
  let bytes = headBytes + 4 * values.length
  for (const value of values) if (value !== null) bytes += Buffer.byteLength(value)
  const buffer = startArray(textType, values, bytes)
  let at = headBytes
  for (const value of values) {
    const length = value === null ? -1 : buffer.write(value, at + 4)
    buffer.writeInt32BE(length, at)
    at += 4 + Math.max(0, length)
  }
  return buffer
}

/** `bigint[]`. */
export function integers(values: readonly (number | null)[]): Buffer {
  return eightBytes(integerType, values, (buffer, value, at) => buffer.writeBigInt64BE(BigInt(value), at))
}

/** `double precision[]`. */
export function doubles(values: readonly (number | null)[]): Buffer {
  return eightBytes(doubleType, values, (buffer, value, at) => buffer.writeDoubleBE(value, at))
}

function eightBytes(
  type: number,
  values: readonly (number | null)[],
  write: (buffer: Buffer, value: number, at: number) => void,
): Buffer {
  const buffer = startArray(type, values, headBytes + 12 * values.length)
  let at = headBytes
  for (const value of values) {
    buffer.writeInt32BE(value === null ? -1 : 8, at)
    if (value !== null) write(buffer, value, at + 4)
    at += value === null ? 4 : 12
  }
  return buffer.subarray(0, Math.min(at, buffer.length))
}

/** One dimension, counted from 1. An array of nothing has none. */
function startArray(type: number, values: readonly unknown[], bytes: number): Buffer {
  const buffer = Buffer.alloc(values.length === 0 ? 12 : bytes)
  buffer.writeInt32BE(values.length === 0 ? 0 : 1, 0)
  buffer.writeInt32BE(1, 4)
  buffer.writeInt32BE(type, 8)
  if (values.length > 0) {
    buffer.writeInt32BE(values.length, 12)
    buffer.writeInt32BE(1, 16)
  }
  return buffer
}
