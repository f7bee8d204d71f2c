import { amount, id, shift } from './world.ts'
import type { World } from './world.ts'

/** A supplier with the traits that the planted errors need. */
export interface Supplier {
  readonly id: string
  readonly name: string
  readonly country: string
  readonly iban: string
  readonly termsDays: number
  readonly discountPercent: number
  readonly discountDays: number
}

const first = [
  'Alster',
  'Bergland',
  'Castell',
  'Donau',
  'Elbe',
  'Falken',
  'Garten',
  'Hafen',
  'Isar',
  'Jura',
  'Kiel',
  'Linden',
]
const second = ['Metall', 'Technik', 'Logistik', 'Papier', 'Chemie', 'Werkzeug', 'Energie', 'Verpackung']
const legal = ['GmbH', 'AG', 'KG', '& Sons, Ltd', 'S.A.']
const watched = ['XF', 'XR', 'XS']
const home = ['DE', 'AT', 'FR', 'NL']

/** Risk traits that together reach 60, reach 40, or stay below; the points stand in the policy. */
const highTraits = ['WC', 'WEF', 'WEYF', 'CEY', 'WCEF', 'WCY']
const elevatedTraits = ['CE', 'WF', 'EYF', 'CY', 'WY', 'CYF']
const lowTraits = ['', '', '', '', '', '', '', 'E', 'YF', 'W', 'C', 'EF', 'CF']
const points: Readonly<Record<string, number>> = { W: 35, C: 25, E: 20, Y: 15, F: 10 }

/** Writes suppliers.csv, plants the risk kinds, and returns the suppliers. */
export function makeSuppliers(world: World): Supplier[] {
  const { chance, asOf } = world
  const total = 64
  const high = world.plants()
  const elevated = world.plants()
  const places = chance.shuffled(Array.from({ length: total }, (_, at) => at))
  const traitsAt = new Map<number, string>()
  places.slice(0, high).forEach((at) => traitsAt.set(at, chance.one(highTraits)))
  places.slice(high, high + elevated).forEach((at) => traitsAt.set(at, chance.one(elevatedTraits)))
  const names = chance.shuffled(first.flatMap((a) => second.map((b) => `${a} ${b}`)))
  const suppliers: Supplier[] = []
  const rows: (string | number)[][] = []
  for (let at = 0; at < total; at++) {
    const planted = traitsAt.get(at)
    const traits = planted ?? chance.one(lowTraits)
    const country = chance.one(traits.includes('W') ? watched : home)
    const foreign = chance.one(['LU', 'CH', 'CY'])
    const digits = String(chance.between(10 ** 9, 10 ** 10 - 1)) + String(chance.between(10 ** 9, 10 ** 10 - 1))
    const supplier: Supplier = {
      id: id('S', at + 1, 3),
      name: `${names[at]} ${chance.one(legal)}`,
      country,
      iban: (traits.includes('F') ? foreign : country) + digits,
      termsDays: chance.one([30, 45, 60]),
      ...(at % 3 === 0
        ? { discountPercent: chance.one([2, 3]), discountDays: chance.one([7, 10, 14]) }
        : { discountPercent: 0, discountDays: 0 }),
    }
    suppliers.push(supplier)
    const contract = traits.includes('C')
      ? chance.one(['', shift(asOf, -chance.between(1, 400))])
      : shift(asOf, chance.between(0, 900))
    const founded = traits.includes('Y')
      ? shift(asOf, -chance.between(40, 700))
      : `${chance.between(1960, 2022)}-0${chance.between(1, 9)}-15`
    rows.push([
      supplier.id,
      supplier.name,
      country,
      supplier.iban,
      supplier.termsDays,
      supplier.discountPercent,
      supplier.discountDays,
      contract,
      traits.includes('E') ? 'no' : 'yes',
      founded,
    ])
    if (planted !== undefined) {
      const score = traits.split('').reduce((sum, trait) => sum + (points[trait] ?? 0), 0)
      world.expect('risk-score', score >= 60 ? 'high_risk' : 'elevated_risk', supplier.id, { score })
    }
  }
  world.csv(
    'suppliers.csv',
    'supplier_id,name,country,iban,terms_days,discount_percent,discount_days,contract_until,certificate,founded_on',
    rows,
  )
  return suppliers
}

/** An offer of the price list. */
export interface Offer {
  readonly supplierId: string
  readonly itemId: string
  readonly cents: number
}

/** Writes previous-report.json such that today's data shows the planted changes; the limits are those of the policy. */
export function makePreviousReport(
  world: World,
  suppliers: readonly Supplier[],
  offers: readonly Offer[],
  limits: readonly { readonly category: string; readonly cents: number }[],
): void {
  const { chance } = world
  const order = chance.shuffled(suppliers)
  const take = (): Supplier[] => order.splice(0, world.plants())
  const fresh = new Set(take().map((supplier) => supplier.id))
  const moved = new Map(
    take().map((supplier) => [supplier.id, supplier.iban.slice(0, 2) + String(chance.between(10 ** 14, 10 ** 15 - 1))]),
  )
  const retermed = new Map(take().map((supplier) => [supplier.id, supplier.termsDays === 30 ? 14 : 30]))
  for (const supplier of suppliers) {
    const { id: subject, iban, termsDays } = supplier
    const oldIban = moved.get(subject)
    const oldTerms = retermed.get(subject)
    if (fresh.has(subject)) world.expect('change-monitoring', 'new_supplier', subject, {})
    if (oldIban !== undefined)
      world.expect('change-monitoring', 'bank_account_changed', subject, { from: oldIban, to: iban })
    if (oldTerms !== undefined)
      world.expect('change-monitoring', 'terms_changed', subject, { fromDays: oldTerms, toDays: termsDays })
  }
  const known = offers.filter((offer) => !fresh.has(offer.supplierId))
  const raised = new Set(chance.shuffled(known).slice(0, world.plants()))
  const prices = known.map((offer) => {
    if (raised.has(offer)) {
      const before = Math.floor((offer.cents * 100) / chance.between(115, 160))
      world.expect('change-monitoring', 'price_increase', `${offer.supplierId}/${offer.itemId}`, {
        fromCents: before,
        toCents: offer.cents,
      })
      return { supplierId: offer.supplierId, itemId: offer.itemId, unitPriceCents: before }
    }
    // Every tenth price rose a little or fell: no finding.
    const drift = chance.between(1, 10) > 1 ? 100 : chance.one([104, 93])
    return {
      supplierId: offer.supplierId,
      itemId: offer.itemId,
      unitPriceCents: Math.ceil((offer.cents * 100) / drift),
    }
  })
  const changed = new Set(chance.shuffled(limits).slice(0, Math.min(world.plants(), limits.length)))
  const oldLimits = limits.map((limit) => {
    if (!changed.has(limit)) return { category: limit.category, limitCents: limit.cents }
    const before = limit.cents - chance.one([-500, 500, 1000])
    world.expect('change-monitoring', 'limit_changed', limit.category, { fromCents: before, toCents: limit.cents })
    return { category: limit.category, limitCents: before }
  })
  const report = {
    asOf: '2026-09-30',
    suppliers: suppliers
      .filter((supplier) => !fresh.has(supplier.id))
      .map((supplier) => ({
        supplierId: supplier.id,
        iban: moved.get(supplier.id) ?? supplier.iban,
        termsDays: retermed.get(supplier.id) ?? supplier.termsDays,
      })),
    prices,
    limits: oldLimits,
  }
  const lines = (list: readonly unknown[]): string => list.map((entry) => `    ${JSON.stringify(entry)}`).join(',\n')
  world.files.set(
    'previous-report.json',
    `{\n  "asOf": "${report.asOf}",\n  "suppliers": [\n${lines(report.suppliers)}\n  ],\n  "prices": [\n${lines(prices)}\n  ],\n  "limits": [\n${lines(oldLimits)}\n  ]\n}\n`,
  )
}

/** The price list as rows of the CSV file. */
export function priceRow(
  supplierId: string,
  itemId: string,
  cents: number,
  leadDays: number,
  validUntil: string,
): (string | number)[] {
  return [supplierId, itemId, amount(cents), leadDays, validUntil]
}
