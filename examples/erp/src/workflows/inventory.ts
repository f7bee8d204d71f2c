import { demandForecaster, reorderPlanner, stockKeeper, supplierChooser } from '../agents/inventory.ts'
import { once } from './workflow.ts'
import type { WorkflowTask } from './workflow.ts'

/** Levels and demand side by side; what is to be ordered goes on to the choice of suppliers. */
export const inventory: readonly WorkflowTask[] = [
  once(stockKeeper),
  once(demandForecaster),
  once(reorderPlanner),
  {
    name: 'supplier-choice',
    agent: supplierChooser,
    needs: ['reorder'],
    inputs: (_company, done) => [
      {
        orders: (done.get('reorder') ?? [])
          .flatMap((output) => output.findings)
          .map((finding) => ({ itemId: finding.subject, quantity: finding.values['quantity'] }))
          .sort((a, b) => (a.itemId < b.itemId ? -1 : 1)),
      },
    ],
  },
]
