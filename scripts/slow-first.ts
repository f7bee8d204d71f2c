import { BaseSequencer, type TestSpecification } from 'vitest/node'

/**
 * Small files whose tests take longest. On a clean clone, where no run has measured any, the largest files would begin first
 * and one of these would go on alone at the end.
 */
const slow = [
  'engine-cases.test.ts',
  'engine-cases.int.test.ts',
  'engine-cases-sqlite.int.test.ts',
  'store.int.test.ts',
  'cluster.int.test.ts',
  'torture.e2e.test.ts',
  'torture-servers.e2e.test.ts',
  'two-engines.e2e.test.ts',
  'shared-gates.e2e.test.ts',
]

/** Within each project, the slow files come first. */
export class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const projects = Map.groupBy(await super.sort(files), ({ project }) => project.name)
    const isSlow = ({ moduleId }: TestSpecification): boolean => slow.some((name) => moduleId.endsWith(`/${name}`))
    return [...projects.values()].flatMap((of) => [...of.filter(isSlow), ...of.filter((spec) => !isSlow(spec))])
  }
}
