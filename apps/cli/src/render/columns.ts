/** Rows of equal length as lines with two spaces between their columns. `isRight` says which columns are numbers. */
export function columns(rows: readonly (readonly string[])[], isRight: readonly boolean[]): readonly string[] {
  const widths = isRight.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0
        return isRight[column] === true ? cell.padStart(width) : cell.padEnd(width)
      })
      .join('  ')
      .trimEnd(),
  )
}
