import { dataEvent } from '../wire/sse.ts'
import type { Problem, Vendor } from '../wire/wire.ts'

const STATUSES: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  402: 'FAILED_PRECONDITION',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  409: 'ABORTED',
  413: 'INVALID_ARGUMENT',
  422: 'INVALID_ARGUMENT',
  429: 'RESOURCE_EXHAUSTED',
  500: 'INTERNAL',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
  529: 'UNAVAILABLE',
}

const WORDS: Readonly<Partial<Record<NonNullable<Problem['reason']>, string>>> = {
  'context-length': 'The input token count exceeds the maximum number of tokens allowed 1048576.',
  'content-filter': 'The request was blocked: PROHIBITED_CONTENT.',
  quota: 'You exceeded your current quota, please check your plan and billing details.',
  overloaded: 'The model is overloaded. Please try again later.',
}

/** What Gemini's formats share. It tells no limits in headers, and when to come back in the body only. */
export const gemini: Vendor = {
  name: 'gemini',
  callIdPrefix: 'call_',
  standardTier: 'standard',
  // So it is: a key that is not valid is an invalid argument here.
  badKey: { status: 400, message: 'API key not valid. Please pass a valid API key.', reason: 'invalid-key' },
  errorBody: problemBody,
  errorEvent: (problem) => dataEvent(problemBody(problem)),
  keyOf(headers, query) {
    const key = headers['x-goog-api-key']
    return typeof key === 'string' ? key : (query.get('key') ?? undefined)
  },
  limitHeaders: () => ({}),
  retryHeaders: () => ({}),
}

/** The vendor's shape of an error. */
function problemBody({ status, message, reason, retryInMs }: Problem): object {
  const details: object[] = []
  if (reason === 'invalid-key') {
    details.push({
      '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
      reason: 'API_KEY_INVALID',
      domain: 'googleapis.com',
      metadata: { service: 'generativelanguage.googleapis.com' },
    })
  }
  if (retryInMs !== undefined) {
    const retryDelay = `${Math.ceil(retryInMs / 1000)}s`
    details.push({ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay })
  }
  return {
    error: {
      code: status,
      message: (reason === undefined ? undefined : WORDS[reason]) ?? message,
      status: STATUSES[status] ?? (status >= 500 ? 'INTERNAL' : 'INVALID_ARGUMENT'),
      ...(details.length > 0 && { details }),
    },
  }
}
