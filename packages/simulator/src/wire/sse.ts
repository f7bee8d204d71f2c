/** A server-sent event that carries JSON. */
export function dataEvent(value: object): string {
  return `data: ${JSON.stringify(value)}\n\n`
}

/** The same with its type told twice, as Anthropic and OpenAI Responses do. */
export function namedEvent(value: { readonly type: string; readonly [field: string]: unknown }): string {
  return `event: ${value.type}\ndata: ${JSON.stringify(value)}\n\n`
}
