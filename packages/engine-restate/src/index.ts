export { createRestateDispatcher } from './dispatcher.ts'
export type { RestateOptions, RestateWorkerOptions } from './options.ts'
export { serviceName } from './service-name.ts'
