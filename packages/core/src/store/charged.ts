/** What the first event of a run says about whom it is charged to. */
interface Charged {
  readonly scopes?: readonly string[]
  readonly actor?: string
}

/** Whether a run is charged to a scope. Logs from before there were budgets name only the actor. */
export function isChargedTo({ scopes, actor }: Charged, charged: string): boolean {
  return scopes?.includes(charged) ?? (actor !== undefined && charged === `user:${actor}`)
}

/** Texts of which the first event of such a run holds at least one: for a first look by the database. */
export function chargedMarks(charged: string): readonly [string, string] {
  const isUser = charged.startsWith('user:')
  return [JSON.stringify(charged), isUser ? `"actor":${JSON.stringify(charged.slice(5))}` : JSON.stringify(charged)]
}

/** How the key of a budget's account ends that counts for a scope, and how it ends once the scope has another name. */
export function accountEnds(
  tenant: string | undefined,
  from: string,
  to: string,
): readonly [before: string, after: string] {
  const head = tenant === undefined ? '/' : `/${encodeURIComponent(tenant)}/`
  return [head + from, head + to]
}
