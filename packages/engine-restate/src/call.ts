import { MeepoError } from '@meepo/core'

/** How long the cluster may take to answer. */
const timeoutMs = 10_000

/** Posts JSON to the cluster; rejects with `engine.unreachable` unless it answers with a success or with one of `also`. */
export async function post(
  url: string,
  token: string | undefined,
  body: unknown,
  also: readonly number[] = [],
): Promise<number> {
  let response: Response
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(timeoutMs),
    })
  } catch (cause) {
    throw new MeepoError('engine.unreachable', `${originOf(url)} does not answer`, { cause })
  }
  const text = await readText(response, url)
  if (response.ok || also.includes(response.status)) return response.status
  throw new MeepoError('engine.unreachable', `${originOf(url)} answered ${response.status}: ${text.slice(0, 300)}`, {
    details: { status: response.status },
  })
}

/** To its end: only then the connection serves the next call. */
async function readText(response: Response, url: string): Promise<string> {
  try {
    return await response.text()
  } catch (cause) {
    throw new MeepoError('engine.unreachable', `the answer of ${originOf(url)} was cut off`, { cause })
  }
}

function originOf(url: string): string {
  return new URL(url).origin
}
