import type { WorkflowName } from '../jobs.ts'
import { compliance } from './compliance.ts'
import { finance } from './finance.ts'
import { hr } from './hr.ts'
import { inventory } from './inventory.ts'
import type { WorkflowTask } from './workflow.ts'

/** The four workflows of a month-end. They do not wait for each other. */
export const monthEnd: Readonly<Record<WorkflowName, readonly WorkflowTask[]>> = { finance, inventory, hr, compliance }
