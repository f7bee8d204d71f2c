/**
 * The region that a base URL asks for, to reserve with: OpenAI bills hosts of a region dearer. `global` is known to have
 * no surcharge; `undefined` is not known.
 */
export function regionOf(kind: string, baseURL: string | undefined): string | undefined {
  if (kind !== 'openai') return undefined
  const host = baseURL !== undefined && URL.canParse(baseURL) ? new URL(baseURL).hostname : ''
  return /^([a-z]{2})\.api\.openai\.com$/.exec(host)?.[1] ?? 'global'
}
