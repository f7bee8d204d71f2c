export { startRestateServer, type RestateServer } from './server.ts'
export { startBalancer, type Balancer } from './balancer.ts'
