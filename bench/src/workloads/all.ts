import type { Workload } from '../harness/workload.ts'
import { gateway } from './gateway.ts'
import { graph } from './graph.ts'
import { limiter } from './limiter.ts'
import { longAgent } from './long-agent.ts'
import { money } from './money.ts'
import { postgres } from './postgres.ts'
import { restate } from './restate.ts'
import { tools } from './tools.ts'
import { w1Gateway } from './w1-gateway.ts'
import { w1 } from './w1-small-runs.ts'
import { w2 } from './w2-fleet.ts'
import { w3 } from './w3-graph.ts'
import { w4 } from './w4-parallel-tools.ts'
import { w5 } from './w5-stream.ts'
import { w6 } from './w6-durable-against-memory.ts'
import { w7 } from './w7-import.ts'
import { w8 } from './w8-http.ts'
import { w9 } from './w9-first-text.ts'

/** In the order of the report. */
export const workloads: readonly Workload[] = [
  w1,
  w2,
  w3,
  w4,
  w5,
  w6,
  w7,
  w8,
  w9,
  gateway,
  w1Gateway,
  money,
  postgres,
  limiter,
  tools,
  longAgent,
  graph,
  restate,
]
