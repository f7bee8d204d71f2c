// A graph as text, for people and for drawing programs.

import type { GraphPlan, GraphNode } from '../plan.ts'
import { levels } from '../plan.ts'
import type { PreparedGraph } from '../prepare.ts'
import type { AnyTask, TaskJoin } from '../task.ts'

/** What is drawn of a graph. */
export type DrawnGraph = Pick<PreparedGraph, 'name' | 'plan' | 'tasks'>

/** A graph as lines: one per task, level by level, with what it does and needs. */
export function renderText({ name, plan, tasks }: DrawnGraph): string {
  const nodes = new Map(plan.map((node) => [node.id, node]))
  const rows = levels(plan)
  const width = Math.min(40, Math.max(...plan.map(({ id }) => id.length)))
  const lines = rows.flatMap((ids, level) => [
    `level ${level + 1}`,
    // Levels and tasks are those of the plan.
    ...ids.map(
      (id) =>
        `  ${id.padEnd(width)}  ${[workText(tasks.get(id)!), ...notesOf(nodes.get(id)!, tasks.get(id)!)].join(', ')}`,
    ),
  ])
  return [`graph ${name}: ${count(plan.length, 'task')} in ${count(rows.length, 'level')}`, ...lines].join('\n') + '\n'
}

/** A graph in the language of Mermaid: GitHub and many editors draw it. */
export function renderMermaid({ plan, tasks }: DrawnGraph): string {
  const lines = plan.map((node) => {
    // The plan was made of these tasks.
    const task = tasks.get(node.id)!
    const [left, right] = mermaidShape(task)
    return `  t${node.index}${left}"${mermaidText(node.id)}<br/>${mermaidText(workText(task))}"${right}`
  })
  const edges = edgesOf(plan).map(({ from, to }) => {
    const note = edgeNote(tasks.get(to.id)!)
    return `  t${from.index} ${to.join === 'all' ? '-->' : '-.->'}${note === '' ? '' : `|"${mermaidText(note)}"|`} t${to.index}`
  })
  return ['flowchart TD', ...lines, ...edges].join('\n') + '\n'
}

/** A graph in the language of Graphviz. */
export function renderDot({ name, plan, tasks }: DrawnGraph): string {
  const lines = plan.map((node) => {
    const task = tasks.get(node.id)!
    const style = task.optional === true ? ', style=dashed' : ''
    return `  t${node.index} [label=${dotText(`${node.id}\n${workText(task)}`)}, shape=${dotShape(task)}${style}];`
  })
  const edges = edgesOf(plan).map(({ from, to }) => {
    const note = edgeNote(tasks.get(to.id)!)
    const attributes = [
      ...(note === '' ? [] : [`label=${dotText(note)}`]),
      ...(to.join === 'all' ? [] : ['style=dashed']),
    ]
    return `  t${from.index} -> t${to.index}${attributes.length > 0 ? ` [${attributes.join(', ')}]` : ''};`
  })
  return [`digraph ${dotText(name)} {`, '  rankdir=TB;', ...lines, ...edges, '}'].join('\n') + '\n'
}

/** What a task does, in a few words. */
function workText({ work }: AnyTask): string {
  switch (work.kind) {
    case 'definition':
      return `runs ${work.definition.name}`
    case 'tool':
      return `calls ${work.tool.name}`
    case 'function':
      return 'runs a function'
    case 'signal':
      return `waits for ${work.name}`
    case 'timer':
      return typeof work.ms === 'number' ? `waits ${work.ms} ms` : 'waits a while'
  }
}

function notesOf({ needs }: GraphNode, task: AnyTask): string[] {
  const { join = 'all', when, forEach, repeat, optional, onRollback } = task
  return [
    ...(needs.length > 0 ? [`after ${joinText(join)}${needs.map(({ id }) => id).join(', ')}`] : []),
    ...(when ? ['if a condition holds'] : []),
    ...(forEach ? ['for each item'] : []),
    ...(repeat ? [`up to ${count(repeat.maxTimes, 'time')}`] : []),
    ...(optional === true ? ['optional'] : []),
    ...(onRollback ? ['can be undone'] : []),
  ]
}

function joinText(join: TaskJoin): string {
  if (join === 'all') return ''
  if (join === 'settled') return 'the end of '
  return join === 'any' ? 'any of ' : `${join.atLeast} of `
}

/** Why an arrow may not be followed. */
function edgeNote({ join = 'all', when }: AnyTask): string {
  const name = typeof join === 'object' ? `at least ${join.atLeast}` : join
  return [...(name === 'all' ? [] : [name]), ...(when ? ['if'] : [])].join(', ')
}

function edgesOf(plan: GraphPlan): readonly { readonly from: GraphNode; readonly to: GraphNode }[] {
  return plan.flatMap((to) => to.needs.map((from) => ({ from, to })))
}

function mermaidShape({ work }: AnyTask): readonly [string, string] {
  if (work.kind === 'signal' || work.kind === 'timer') return ['([', '])']
  return work.kind === 'definition' ? ['[', ']'] : ['[[', ']]']
}

/** Quotes and tags would end a label. */
function mermaidText(text: string): string {
  return text.replaceAll('&', '#amp;').replaceAll('"', '#quot;').replaceAll('<', '#lt;').replaceAll('>', '#gt;')
}

function dotShape({ work }: AnyTask): string {
  if (work.kind === 'signal' || work.kind === 'timer') return 'ellipse'
  return work.kind === 'definition' ? 'box' : 'component'
}

function dotText(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`
}

function count(many: number, what: string): string {
  return `${many} ${what}${many === 1 ? '' : 's'}`
}
