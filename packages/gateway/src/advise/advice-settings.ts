import type { GatewayOptions } from '../options.ts'
import { builtIn } from '../provider.ts'
import type { RouteTarget } from '../route/route-options.ts'
import type { AdviseOptions } from './advise.ts'

/**
 * What the configuration of a gateway says to advice: the targets that its routes declare to be as good as the first one
 * (`equivalents`), and under which names the price book knows its providers.
 */
export function adviceSettings({
  routes = {},
  providers = {},
}: Pick<GatewayOptions, 'routes' | 'providers'>): Required<Pick<AdviseOptions, 'equivalents' | 'pricedAs'>> {
  const equivalents: Record<string, string[]> = {}
  for (const { targets, equivalents: equals = [] } of Object.values(routes)) {
    for (const one of targets.map(nameOf)) {
      equivalents[one] = [...new Set([...(equivalents[one] ?? []), ...equals.map(nameOf)])]
    }
  }
  const all = { ...builtIn, ...providers }
  return {
    equivalents,
    pricedAs: (provider) => {
      const given = Object.hasOwn(all, provider) ? all[provider] : undefined
      return given?.pricedAs ?? (given === undefined || given.kind === 'openai-compatible' ? provider : given.kind)
    },
  }
}

function nameOf(target: string | RouteTarget): string {
  return typeof target === 'string' ? target : target.model
}
