import { z } from 'zod'

/** A line of a log that shows what happened. */
interface Evidence {
  readonly service: string
  readonly line: number
  /** The line word for word. */
  readonly quote: string
}

/** What is known at the end about one alert. */
export interface Incident {
  readonly alertId: string
  readonly category: 'database' | 'network' | 'application' | 'unknown'
  /** One sentence. */
  readonly cause: string
  readonly evidence: readonly Evidence[]
  /** What was done, with the receipt of the tool; or that a person said no; or nothing. */
  readonly remediation:
    | { readonly status: 'done'; readonly action: string; readonly target: string; readonly receipt: string }
    | { readonly status: 'denied'; readonly action: string; readonly target: string }
    | { readonly status: 'none' }
}

const attempted = { action: z.string().min(1), target: z.string().min(1) }

/** How an incident looks. */
export const incidentSchema: z.ZodType<Incident> = z.object({
  alertId: z.string(),
  category: z.enum(['database', 'network', 'application', 'unknown']),
  cause: z.string().min(1),
  evidence: z.array(z.object({ service: z.string(), line: z.int().min(1), quote: z.string() })),
  remediation: z.discriminatedUnion('status', [
    z.object({ status: z.literal('done'), ...attempted, receipt: z.string().min(1) }),
    z.object({ status: z.literal('denied'), ...attempted }),
    z.object({ status: z.literal('none') }),
  ]),
})
