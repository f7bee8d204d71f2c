/** The vendor's shape of an error. */
export interface ErrorBody {
  readonly error: {
    readonly message: string
    readonly type: string
    readonly param: string | null
    readonly code: string | null
  }
}

const TYPES: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'invalid_request_error',
  403: 'permission_error',
  404: 'invalid_request_error',
  405: 'invalid_request_error',
  413: 'invalid_request_error',
  429: 'rate_limit_error',
}

const CODES: Readonly<Record<number, string>> = { 401: 'invalid_api_key', 429: 'rate_limit_exceeded' }

/** An error body with the type, and unless given the code, that belong to the status. */
export function errorBody(
  status: number,
  message: string,
  details: { readonly param?: string | null; readonly code?: string } = {},
): ErrorBody {
  const type = TYPES[status] ?? (status >= 500 ? 'server_error' : 'invalid_request_error')
  return {
    error: { message, type, param: details.param ?? null, code: details.code ?? CODES[status] ?? null },
  }
}
