import { Command, Option } from 'commander'
import type { Graph } from '@meepo/core'
import type { GraphEstimate } from 'meepo/files'
import { parseBudget, parseCount, shared } from '../options.ts'
import { terminal } from '../terminal.ts'

interface GraphFlags {
  readonly config?: string
  readonly json?: boolean
}

interface ShowFlags extends GraphFlags {
  readonly mermaid?: boolean
  readonly dot?: boolean
  readonly yaml?: boolean
}

interface EstimateFlags extends GraphFlags {
  readonly runs: number
  readonly budget?: string
}

const what = 'the path of a YAML or JSON file, or the name of a graph of the configuration'

/** `meepo graph` */
export function graphCommand(): Command {
  const show = new Command('show')
    .description('Print the tasks of a graph.')
    .argument('<graph>', what)
    .addOption(new Option('--mermaid', 'in the language of Mermaid').conflicts(['dot', 'json', 'yaml']))
    .addOption(new Option('--dot', 'in the language of Graphviz').conflicts(['json', 'yaml']))
    .addOption(new Option('--yaml', 'as a file that makes the same graph').conflicts('json'))
    .addOption(shared.config())
    .addOption(shared.json('the graph as data'))
    .action(showGraph)
  const check = new Command('check')
    .description('Look for what is wrong with a graph, without running it.')
    .argument('<graph>', what)
    .addOption(shared.config())
    .addOption(shared.json('what was found'))
    .action(checkGraph)
  const estimate = new Command('estimate')
    .description('Tell what a run of a graph is likely to cost and take, of past runs or of what its tasks expect.')
    .argument('<graph>', what)
    .addOption(new Option('--runs <n>', 'past runs to look at').argParser(parseCount).default(20))
    .addOption(new Option('--budget <dollars>', 'fail when it is likely to cost more').argParser(parseBudget))
    .addOption(shared.config())
    .addOption(shared.json('the estimate'))
    .action(estimateCost)
  const graph = new Command('graph').description('Look at graphs: what they are made of, and what they will take.')
  return graph.addCommand(show).addCommand(check).addCommand(estimate)
}

async function showGraph(name: string, { config, json, mermaid, dot, yaml }: ShowFlags): Promise<void> {
  const { graphToData, graphToYaml, renderDot, renderMermaid, renderText } = await import('meepo/files')
  const { graph, registry } = await findGraph(name, config)
  if (json === true) terminal.out(`${JSON.stringify(graphToData(graph, registry), undefined, 2)}\n`)
  else if (yaml === true) terminal.out(graphToYaml(graph, registry))
  else if (mermaid === true) terminal.out(renderMermaid(graph.graph))
  else terminal.out(dot === true ? renderDot(graph.graph) : renderText(graph.graph))
}

async function checkGraph(name: string, { config, json }: GraphFlags): Promise<void> {
  const { analyzeGraph } = await import('meepo/files')
  const { graph } = await findGraph(name, config)
  const findings = analyzeGraph(graph)
  const isWrong = findings.some(({ severity }) => severity === 'error')
  if (json === true) terminal.out(`${JSON.stringify({ graph: graph.name, ok: !isWrong, findings }, undefined, 2)}\n`)
  else {
    for (const { severity, task, message } of findings) terminal.out(`${severity}: task ${task}: ${message}\n`)
    const count = graph.graph.plan.length
    const tasks = `${count} task${count === 1 ? '' : 's'}`
    terminal.out(
      isWrong
        ? `graph ${graph.name} cannot work\n`
        : `graph ${graph.name} is sound: ${tasks}, ${graph.levels().length} deep\n`,
    )
  }
  if (isWrong) process.exitCode = 2
}

async function estimateCost(name: string, { config, json, runs, budget }: EstimateFlags): Promise<void> {
  const { estimateGraph, measuresOf, refuseOverBudget } = await import('meepo/files')
  const { lookBack, readPastRuns } = await import('../graph/past-runs.ts')
  const { budgetOf } = await import('../graph/check-estimate.ts')
  const { estimateTable } = await import('../graph/estimate-table.ts')
  const found = await findGraph(name, config)
  const past = await lookBack(found.store, (store) => readPastRuns(store, found.graph, runs), [])
  const estimate = estimateGraph(found.graph, measuresOf(past))
  if (json === true) terminal.out(`${JSON.stringify(toJson(found.graph, estimate), undefined, 2)}\n`)
  else terminal.out(estimateTable(found.graph.name, estimate))
  const most = budgetOf(found.graph, budget)
  if (most !== undefined) refuseOverBudget(found.graph.name, estimate, most)
}

/** Money is text in JSON. */
function toJson({ name }: Graph, { picoDollars, ...estimate }: GraphEstimate): object {
  const { p50, p95 } = picoDollars
  return { graph: name, ...estimate, picoDollars: { p50: String(Math.round(p50)), p95: String(Math.round(p95)) } }
}

async function findGraph(name: string, named: string | undefined) {
  const { MeepoError } = await import('@meepo/core')
  const { loadConfig, loadConfigOrDefaults } = await import('../config/load-config.ts')
  const { registryOf } = await import('../config/graph-files.ts')
  const { findRunnable } = await import('../config/find-runnable.ts')
  const { isGraphPath } = await import('../config/is-graph-path.ts')
  const { config } = await (isGraphPath(name) ? loadConfigOrDefaults(named, name) : loadConfig(named))
  const definition = await findRunnable(config, name)
  if (!('graph' in definition)) throw new MeepoError('definition.unknown', `${definition.name} is no graph`)
  // Only graphs have one.
  return { graph: definition as Graph, registry: registryOf(config), store: config.store }
}
