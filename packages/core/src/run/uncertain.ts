import { MeepoError } from '../base/errors.ts'

/**
 * Does this error leave open whether the effect happened? A Meepo error says so itself (`step.unknown`, or retryable
 * without `notSent`). Of foreign errors, aborts, timeouts and broken connections do; everything else a body throws is
 * its own word that the effect failed.
 */
export function isUncertain(thrown: unknown): boolean {
  if (MeepoError.is(thrown)) return thrown.code === 'step.unknown' || (thrown.retryable && !thrown.notSent)
  if (!(thrown instanceof Error)) return false
  if (thrown.name === 'AbortError' || thrown.name === 'TimeoutError') return true
  return isBrokenConnection(thrown) || isBrokenConnection(thrown.cause)
}

/** Connections that were never made cannot have carried the effect. */
const neverLeft: readonly string[] = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']

function isBrokenConnection(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || !('code' in value) || typeof value.code !== 'string') return false
  return /^(E[A-Z]+|UND_ERR_[A-Z_]+)$/.test(value.code) && !neverLeft.includes(value.code)
}
