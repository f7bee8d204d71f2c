import { parseArgs } from 'node:util'
import { storeKinds, type StoreKind } from '../database.ts'
import { bugNames } from './bugs/names.ts'

/** What was asked for. */
export interface TortureOptions {
  readonly store: StoreKind
  /** How many nodes bring the runs; none where workers fetch them. */
  readonly nodes: 1 | 3 | undefined
  readonly kills: number
  readonly databaseKills: number
  readonly clusterKills: number
  readonly nodeKills: number
  readonly seed: string
  readonly bug: string | undefined
  readonly bugs: boolean
  readonly keep: boolean
  readonly quiet: boolean
}

/** Throws what is wrong with the command line. */
export function readOptions(): TortureOptions {
  const { values } = parseArgs({
    options: {
      kills: { type: 'string', default: '100' },
      store: { type: 'string', default: 'sqlite' },
      engine: { type: 'string', default: 'embedded' },
      nodes: { type: 'string', default: '1' },
      'database-kills': { type: 'string', default: '0' },
      'server-kills': { type: 'string', default: '0' },
      'node-kills': { type: 'string', default: '0' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      bug: { type: 'string' },
      bugs: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      quiet: { type: 'boolean', default: false },
    },
  })
  const { seed, bug, bugs, keep, quiet } = values
  const store = storeKinds.find((kind) => kind === values.store)
  if (store === undefined) throw new Error(`--store: there are ${storeKinds.join(', ')}`)
  if (bug !== undefined && !bugNames.includes(bug)) throw new Error(`--bug: there are ${bugNames.join(', ')}`)
  const read = (name: 'kills' | 'database-kills' | 'server-kills' | 'node-kills'): number => {
    const count = Number(values[name])
    if (!Number.isInteger(count) || count < 0) throw new Error(`--${name} ${values[name]} is not a number of kills`)
    return count
  }
  const [kills, databaseKills, clusterKills, nodeKills] = [
    read('kills'),
    read('database-kills'),
    read('server-kills'),
    read('node-kills'),
  ]
  const nodes = readNodes(values.engine, values.nodes)
  if (databaseKills > 0 && store === 'sqlite') throw new Error('--database-kills needs a store with a server')
  if (nodes !== undefined && store === 'sqlite') throw new Error('--engine restate needs --store postgres')
  if (nodes !== undefined && (bugs || bug !== undefined)) throw new Error('bugs are planted with --engine embedded')
  if (clusterKills > 0 && nodes === undefined) throw new Error('--server-kills needs --engine restate')
  if (nodeKills > 0 && nodes !== 3) throw new Error('--node-kills needs --engine restate --nodes 3')
  if (kills + databaseKills + clusterKills + nodeKills === 0) throw new Error('nothing is to be killed')
  return { store, nodes, kills, databaseKills, clusterKills, nodeKills, seed, bug, bugs, keep, quiet }
}

function readNodes(engine: string, nodes: string): 1 | 3 | undefined {
  if (engine !== 'embedded' && engine !== 'restate') throw new Error('--engine: there are embedded, restate')
  if (nodes !== '1' && nodes !== '3') throw new Error('--nodes: a cluster has 1 or 3')
  if (engine === 'restate') return nodes === '3' ? 3 : 1
  if (nodes === '3') throw new Error('--nodes needs --engine restate')
  return undefined
}
