export { fakeHarness, realHarness, type Harness } from './case-context.ts'
export { dyingStore, mortalDispatcher, mortalMachine, mortalStore, type Life } from './mortal.ts'
