import { createHash } from 'node:crypto'
import { MeepoError, type AlertNotice, type AlertSink } from '@meepo/core'
import { Webhook } from 'standardwebhooks'

/** Where alerts are posted to. */
export interface WebhookOptions {
  readonly url: string
  /** What both sides know: `whsec_` and 24 to 64 bytes in base64. It signs each request, as Standard Webhooks say. */
  readonly secret: string
  /** How long the answer may take; 10,000 unless said. */
  readonly timeoutMs?: number
  /** Replaces `fetch`. */
  readonly fetch?: typeof globalThis.fetch
  /** Replaces the clock of the signature, in milliseconds since 1970. */
  readonly now?: () => number
}

/**
 * Posts alerts as Standard Webhooks: headers `webhook-id`, `webhook-timestamp` and `webhook-signature`, and a body of
 * `type`, `timestamp` and `data`, the notice. Anything but an answer of 2xx is `alert.not_delivered` and is tried
 * again, with the same `webhook-id`: who receives it keeps the ids that it has seen. Redirections are not followed.
 * Throws `config.invalid` for a bad URL or secret.
 *
 * @example
 * const alerts = [webhookSink({ url: 'https://example.com/hooks', secret: process.env.HOOK_SECRET ?? '' })]
 */
export function webhookSink(options: WebhookOptions): AlertSink {
  const { secret, timeoutMs = 10_000, fetch = globalThis.fetch, now = Date.now } = options
  const url = readUrl(options.url)
  const webhook = new Webhook(readSecret(secret))
  const post = async (notice: AlertNotice): Promise<Response> => {
    const body = JSON.stringify({ type: `budget.${notice.kind}`, timestamp: notice.at, data: notice })
    // Ids of alerts hold names of users, which may not be fit for a header.
    const id = `alert_${createHash('sha256').update(notice.id).digest('hex').slice(0, 32)}`
    const sentAt = new Date(now())
    return fetch(url, {
      method: 'POST',
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
      headers: {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(sentAt.getTime() / 1_000)),
        'webhook-signature': webhook.sign(id, sentAt, body),
      },
      body,
    })
  }
  return {
    name: `webhook ${url.host}`,
    send: async (notice) => {
      let status: number
      try {
        const response = await post(notice)
        status = response.status
        // What it says is of no interest, and a body that nobody reads keeps the connection.
        await response.body?.cancel()
      } catch (cause) {
        throw new MeepoError('alert.not_delivered', `the webhook of ${url.host} cannot be reached`, { cause })
      }
      if (status < 200 || status > 299) {
        throw new MeepoError('alert.not_delivered', `the webhook of ${url.host} answered with ${status}`)
      }
    },
  }
}

function readUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol === 'https:' || url?.protocol === 'http:') return url
  // The address may hold a secret: it is not repeated.
  throw new MeepoError('config.invalid', 'webhookSink: url must be a http or https address')
}

function readSecret(secret: string): string {
  const encoded = secret.startsWith('whsec_') ? secret.slice('whsec_'.length) : ''
  const bytes = Buffer.from(encoded, 'base64')
  if (bytes.toString('base64') === encoded && bytes.length >= 24 && bytes.length <= 64) return secret
  throw new MeepoError('config.invalid', 'webhookSink: secret must be whsec_ and 24 to 64 bytes in base64')
}
