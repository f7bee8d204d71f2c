import type { Checkpoint, CheckpointView } from '@meepo/core/archive'
import { columns } from './columns.ts'
import { formatCost, formatMs, oneLine } from './format.ts'

/** Checkpoints as a table. */
export function checkpointsTable(found: readonly Checkpoint[], now: number): string {
  const rows = found.map((one) => [
    one.id,
    `${one.definition}@${one.version}`,
    oneLine(`${one.kind} ${one.name}`),
    `${formatMs(Math.max(0, now - one.at))} ago`,
    String(one.iterations),
    String(one.messages),
    String(one.toolResults),
    String(one.tokens),
    formatCost(BigInt(one.picoDollars)),
    heldText(one),
  ])
  const head = ['CHECKPOINT', 'DEFINITION', 'AFTER', 'AT', 'TURNS', 'MESSAGES', 'TOOLS', 'TOKENS', 'COST', 'HELD']
  const isRight = [false, false, false, false, true, true, true, true, true, false]
  return `${columns([head, ...rows], isRight).join('\n')}\n`
}

/** One checkpoint with the steps up to it. */
export function checkpointText({ checkpoint, record }: CheckpointView): string {
  const { id, definition, version, at, kind, name, iterations, messages, toolResults, tokens, picoDollars } = checkpoint
  const held = heldText(checkpoint)
  const facts = [
    ['checkpoint', id],
    ['definition', `${definition}@${version}`],
    ['after', oneLine(`${kind} ${name}`)],
    ['at', new Date(at).toISOString()],
    ['turns', String(iterations)],
    ['messages', `${messages}, ${toolResults} of them results of tools`],
    ['tokens', String(tokens)],
    ['cost', formatCost(BigInt(picoDollars))],
    ...(held === '' ? [] : [['held', held]]),
  ]
  const steps = record.history.map(({ number, step, status, durationMs }) => [
    `  #${number}`,
    oneLine(step),
    status,
    formatMs(durationMs),
  ])
  return `${[...columns(facts, [false, false]), ...columns(steps, [false, false, false, true])].join('\n')}\n`
}

function heldText({ held }: Checkpoint): string {
  if (!held) return ''
  const meta = Object.entries(held.metadata ?? {}).map(([key, value]) => `${key}=${value}`)
  return oneLine([held.name ?? 'yes', ...meta].join(' '))
}
