// What may stand in an expression, and what can be told from its text alone.

import type { ASTNode } from '@marcbachmann/cel-js'

/** What an expression looks at. */
export interface Reads {
  /** The names of its scope that it uses. */
  readonly names: ReadonlySet<string>
  /** Tasks whose result or state it reads by name. */
  readonly tasks: ReadonlySet<string>
  /** Reads `results` or `tasks` as a whole, or by a computed name. */
  readonly readsAny: boolean
}

/** What a walk through an expression found. */
export interface Findings extends Reads {
  /** A function that expressions do not have, and where. */
  readonly forbidden: { readonly name: string; readonly start: number } | undefined
  /** Nodes whose values are looked at as a whole. */
  readonly touched: readonly ASTNode[]
  /** When the expression is nothing but a path: `results.a.b` is `['results', 'a', 'b']`. */
  readonly path: readonly string[] | undefined
}

/** Macros: they go through their list themselves, item by item. */
const macros = new Set(['all', 'exists', 'exists_one', 'map', 'filter', 'has'])
/** Looks at its operand without going through it. */
const glances = new Set(['size', 'dyn', 'type', 'orValue', 'or', 'hasValue', 'value', 'none'])
/** Patterns can take for ever, dates depend on the machine; both are for code. */
const functions = new Set([
  ...macros,
  ...glances,
  'bool',
  'double',
  'int',
  'string',
  'of',
  'ofNonZeroValue',
  'contains',
  'startsWith',
  'endsWith',
  'indexOf',
  'lastIndexOf',
  'substring',
  'split',
  'join',
  'lowerAscii',
  'upperAscii',
  'trim',
])
const comparisons = new Set(['==', '!=', 'in', '+', '<', '<=', '>', '>='])
const taskNames = new Set(['results', 'tasks'])

/** Functions that expressions have, for messages. */
export const knownFunctions: readonly string[] = [...functions].toSorted()

/** Looks through an expression. */
export function lookThrough(root: ASTNode): Findings {
  const names = new Set<string>()
  const tasks = new Set<string>()
  const touched: ASTNode[] = []
  let readsAny = false
  let forbidden: Findings['forbidden']
  const open: { readonly node: ASTNode; readonly own: ReadonlySet<string> }[] = [{ node: root, own: new Set() }]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { node, own } = next
    if (node.op === 'id' && !own.has(node.args)) {
      names.add(node.args)
      if (taskNames.has(node.args)) readsAny = true
    }
    const named = taskReadBy(node, own)
    if (named !== undefined) {
      names.add(named.name)
      tasks.add(named.task)
      continue
    }
    const call = callOf(node)
    if (call !== undefined && !functions.has(call.name)) forbidden ??= { name: call.name, start: node.start }
    if (comparisons.has(node.op)) touched.push(...childrenOf(node))
    if (call !== undefined && !macros.has(call.name) && !glances.has(call.name)) touched.push(...childrenOf(node))
    // The list of a macro may be an object, of which all keys are listed first.
    if (node.op === 'rcall' && macros.has(node.args[0]) && node.args[0] !== 'has') touched.push(...keysOf(node.args[1]))
    const variable = call && macros.has(call.name) ? variableOf(node) : undefined
    const inner = variable === undefined ? own : new Set([...own, variable])
    for (const child of childrenOf(node)) open.push({ node: child, own: inner })
  }
  return { names, tasks, readsAny, forbidden, touched, path: pathOf(root) }
}

/** Going through a list costs what is done with its items; only what is no list by itself is weighed. */
function keysOf(node: ASTNode): readonly ASTNode[] {
  return node.op === 'list' || node.op === 'rcall' ? [] : [node]
}

function callOf(node: ASTNode): { readonly name: string } | undefined {
  return node.op === 'call' || node.op === 'rcall' ? { name: node.args[0] } : undefined
}

/** The variable of `list.all(variable, …)`. */
function variableOf(node: ASTNode): string | undefined {
  if (node.op !== 'rcall') return undefined
  const [first] = node.args[2]
  return first?.op === 'id' ? first.args : undefined
}

/** `results.a`, `results['a']`, `tasks.?a`. */
function taskReadBy(
  node: ASTNode,
  own: ReadonlySet<string>,
): { readonly name: string; readonly task: string } | undefined {
  const step = stepOf(node)
  if (step === undefined || step.of.op !== 'id') return undefined
  const name = step.of.args
  return taskNames.has(name) && !own.has(name) ? { name, task: step.key } : undefined
}

/** One access by a name that is written down. */
function stepOf(node: ASTNode): { readonly of: ASTNode; readonly key: string } | undefined {
  if (node.op === '.' || node.op === '.?') return { of: node.args[0], key: node.args[1] }
  if (node.op !== '[]' && node.op !== '[?]') return undefined
  const [of, key] = node.args
  return key.op === 'value' && typeof key.args === 'string' ? { of, key: key.args } : undefined
}

function pathOf(root: ASTNode): readonly string[] | undefined {
  const path: string[] = []
  let node = root
  while (node.op === '.' || node.op === '[]') {
    const step = stepOf(node)
    if (step === undefined) return undefined
    path.unshift(step.key)
    node = step.of
  }
  return node.op === 'id' ? [node.args, ...path] : undefined
}

function childrenOf(node: ASTNode): readonly ASTNode[] {
  if (node.op === 'value' || node.op === 'id') return []
  if (node.op === '.' || node.op === '.?') return [node.args[0]]
  if (node.op === 'call') return node.args[1]
  if (node.op === 'rcall') return [node.args[1], ...node.args[2]]
  if (node.op === 'map') return node.args.flat()
  if (node.op === '!_' || node.op === '-_') return [node.args]
  return node.args
}
