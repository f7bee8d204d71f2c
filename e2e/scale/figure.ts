import type { Ground } from './ground.ts'

/** Something measured. It misses when it is worse than its hold. */
export interface Figure {
  readonly name: string
  readonly value: number
  readonly unit: string
  readonly atMost?: number
  readonly atLeast?: number
}

/** One thing that is measured on a ground of its own. */
export type Part = (ground: Ground) => Promise<readonly Figure[]>

export function isMissed({ value, atMost = Infinity, atLeast = -Infinity }: Figure): boolean {
  return !(value <= atMost && value >= atLeast)
}

export function formatFigure(figure: Figure): string {
  const { name, value, unit, atMost, atLeast } = figure
  const hold = atMost === undefined ? (atLeast === undefined ? '' : `≥ ${atLeast}`) : `≤ ${atMost}`
  const verdict = hold === '' ? '' : `${isMissed(figure) ? 'falls short' : 'ok'}, hold ${hold}`
  return `${name.padEnd(66)}${`${Number(value.toPrecision(4))} ${unit}`.padEnd(22)}${verdict}`
}
