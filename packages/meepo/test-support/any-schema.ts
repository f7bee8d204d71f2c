import { unknown } from 'zod'

/** Takes anything. */
export const anySchema = unknown()
