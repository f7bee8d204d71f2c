/** What can be read from whatever an adapter threw or sent as an error part. Nothing of it is trusted. */
export interface Failure {
  readonly status?: number
  /** The vendor's own words for the error, lower case: its code, type, status and reasons; the most telling first. */
  readonly words: readonly string[]
  /** The vendor's message; may quote the request. */
  readonly message?: string
  readonly headers: Readonly<Record<string, string>>
  /** The wait that the vendor asks for in the body, in milliseconds. */
  readonly bodyRetryMs?: number
  /** The code of the network error at the bottom, for example `ECONNREFUSED`. */
  readonly network?: string
  /** The class of the adapter's error, for example `AI_APICallError`. */
  readonly name?: string
}

type Fields = Readonly<Record<string, unknown>>

/** Reads an error of an adapter, of `fetch`, or an error part of a stream. */
export function readFailure(thrown: unknown): Failure {
  const error = fields(thrown)
  const body = readBody(error)
  const vendor = vendorError(body)
  const details = list(vendor['details']).map(fields)
  const words = [
    vendor,
    fields(vendor['innererror']),
    fields(vendor['details']),
    ...details,
    error,
    fields(error['data']),
  ]
    .flatMap((place) => [place['code'], place['type'], place['status'], place['reason'], place['error_code']])
    // The bare word marks an event of a stream as an error and says nothing about it.
    .filter((word): word is string => typeof word === 'string' && word !== 'error')
    .map((word) => word.toLowerCase())
  return {
    status: number(error['statusCode']) ?? httpStatus(error['code']) ?? httpStatus(vendor['code']),
    words: [...new Set(words)],
    message: text(vendor['message']) ?? text(vendor['error']) ?? text(body['detail']) ?? text(error['message']),
    headers: headersOf(error['responseHeaders']),
    bodyRetryMs: details.map((detail) => seconds(detail['retryDelay'])).find((ms) => ms !== undefined),
    network: networkCode(thrown),
    name: text(error['name']),
  }
}

/** Whether it is the provider's own word that there is no answer, and not the end of a connection. */
export function isRefusal({ status, words, network }: Failure): boolean {
  return network === undefined && ((status !== undefined && status >= 400) || words.length > 0)
}

/** The body as it came, since an adapter only hands over what matched its schema. */
function readBody(error: Fields): Fields {
  const raw = error['responseBody']
  if (typeof raw === 'string') {
    try {
      const parsed: unknown = JSON.parse(raw)
      // Gemini wraps errors of streaming calls in an array.
      return fields(Array.isArray(parsed) ? parsed[0] : parsed)
    } catch {
      // Not JSON: a proxy's page. The status says enough.
      return {}
    }
  }
  // An error part of a stream is the vendor's own body.
  return fields(error['data'] ?? error)
}

function vendorError(body: Fields): Fields {
  const inner = body['error']
  return typeof inner === 'object' && inner !== null ? fields(inner) : body
}

/** Walks down the causes: `fetch` wraps what the socket said. */
function networkCode(thrown: unknown): string | undefined {
  let error = fields(thrown)
  for (let depth = 0; depth < 8; depth += 1) {
    const code = error['code']
    if (
      typeof code === 'string' &&
      /^(?:E(?!RR_)[A-Z]|ERR_(?:TLS|SSL)|UND_ERR_|CERT_|DEPTH_|SELF_SIGNED|UNABLE_TO)/.test(code)
    )
      return code
    if (error['cause'] === undefined) return undefined
    error = fields(error['cause'])
  }
  return undefined
}

function headersOf(value: unknown): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [name, header] of Object.entries(fields(value))) {
    if (typeof header === 'string') headers[name.toLowerCase()] = header
  }
  return headers
}

/** A duration of Google's wire format, `37s` or `0.5s`. */
function seconds(value: unknown): number | undefined {
  const match = typeof value === 'string' ? /^(\d+(?:\.\d+)?)s$/.exec(value) : null
  return match ? Math.ceil(Number(match[1]) * 1_000) : undefined
}

function httpStatus(value: unknown): number | undefined {
  const status = number(value)
  return status !== undefined && status >= 400 && status <= 599 ? status : undefined
}

function fields(value: unknown): Fields {
  // Every field is checked where it is read.
  return typeof value === 'object' && value !== null ? (value as Fields) : {}
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
