export { startBalancer, type Balancer } from './balancer.ts'
export type { RestateNode } from './node.ts'
export { startRestateCluster, startRestateServer, type RestateCluster, type RestateServer } from './server.ts'
