import { targets } from './plan.ts'
import type { CampaignResult } from './campaign.ts'
import type { Violation } from './audit/violation.ts'

const enoughOpen = 10

/** The tables of one campaign. */
export function describeCampaign({ points, kills, violations, figures, seconds, folder }: CampaignResult): string {
  const lines = [
    `${'killed at'.padEnd(22)}${'kills'.padStart(6)}${'least'.padStart(7)}${'most'.padStart(6)}  steps in flight`,
  ]
  const besides = targets.filter((target) => kills.some(({ point }) => point === target))
  for (const point of [...points, 'random', ...besides]) {
    const here = kills.filter((kill) => kill.point === point).map((kill) => kill.open)
    if (here.length > 0) lines.push(row(point, here.length, Math.min(...here), Math.max(...here)))
    else lines.push(row(point, 0, '-', '-'))
  }
  const busy = kills.filter((kill) => kill.open >= enoughOpen).length
  const pairs = kills.filter((kill) => kill.workers === 2).length
  lines.push(
    '',
    `${kills.length} kills, ${busy} with ${enoughOpen} or more steps in flight, ${pairs} with two processes on the database`,
  )
  const crowds = kills.flatMap(({ runs }) => runs ?? [])
  if (crowds.length > 0)
    lines.push(`${crowds.length} times one node of three, each time under at least ${Math.min(...crowds)} runs`)
  lines.push(
    Object.entries(figures)
      .map(([name, value]) => `${value} ${name}`)
      .join(' · '),
  )
  lines.push(
    violations.length === 0
      ? `no violation, ${seconds.toFixed(0)} s`
      : `${violations.length} violations; the evidence is in ${folder}`,
  )
  return [...lines, ...describeViolations(violations)].join('\n')
}

/** How often each promise was broken, with examples. */
export function describeViolations(violations: readonly Violation[]): readonly string[] {
  const rules = Map.groupBy(violations, (violation) => violation.rule)
  return [...rules].flatMap(([rule, broken]) => [
    `  ${rule}: ${broken.length}`,
    ...broken.slice(0, 3).map(({ text }) => `    ${text}`),
  ])
}

function row(point: string, count: number, least: number | string, most: number | string): string {
  return `${point.padEnd(22)}${String(count).padStart(6)}${String(least).padStart(7)}${String(most).padStart(6)}`
}
