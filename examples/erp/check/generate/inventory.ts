import { id, shift } from './world.ts'
import type { World } from './world.ts'
import { priceRow } from './suppliers.ts'
import type { Offer, Supplier } from './suppliers.ts'

/** An item with the price at which it is bought. */
export interface Item {
  readonly id: string
  readonly cents: number
  readonly supplierId: string
}

/** What an item is planted with: at most one stock case, one demand case and one supplier case. */
type StockCase = 'normal' | 'negative_stock' | 'overstock' | 'below_safety' | 'reorder' | 'expedite'
type DemandCase = 'normal' | 'demand_rising' | 'demand_falling' | 'no_sales'
type OfferCase = 'normal' | 'better_offer' | 'offer_expired' | 'single_source'

const nouns = [
  'Bolt',
  'Bracket',
  'Cable',
  'Filter',
  'Gasket',
  'Hinge',
  'Label',
  'Motor',
  'Panel',
  'Pump',
  'Sensor',
  'Valve',
]
const months = Array.from({ length: 12 }, (_, at) =>
  at < 2 ? `2025-${11 + at}` : `2026-${String(at - 1).padStart(2, '0')}`,
)

/** Writes items, stock, sales and price list; plants the kinds of the four inventory jobs. */
export function makeInventory(world: World, suppliers: readonly Supplier[]): { items: Item[]; offers: Offer[] } {
  const { chance } = world
  const total = 220
  const stockCases = deal<StockCase>(world, total, [
    'negative_stock',
    'overstock',
    'below_safety',
    'reorder',
    'expedite',
  ])
  // An item that is not sold cannot run out before its delivery.
  const demandCases = deal<DemandCase>(
    world,
    total,
    ['demand_rising', 'demand_falling', 'no_sales'],
    (at) => stockCases[at] !== 'expedite',
  )
  const offerCases = deal<OfferCase>(world, total, ['better_offer', 'offer_expired', 'single_source'])
  const items: Item[] = []
  const offers: Offer[] = []
  const itemRows: (string | number)[][] = []
  const stockRows: (string | number)[][] = []
  const salesRows: (string | number)[][] = []
  const priceRows: (string | number)[][] = []
  const orders: { itemId: string; supplierId: string; quantity: number; costCents: number }[] = []
  for (let at = 0; at < total; at++) {
    const itemId = id('I', at + 1)
    const demand = plantDemand(world, itemId, demandCases[at] ?? 'normal', salesRows)
    const offer = plantOffers(world, itemId, offerCases[at] ?? 'normal', suppliers, priceRows, offers)
    const maxLead = 30
    const stock = plantStock(world, itemId, stockCases[at] ?? 'normal', demand, offer.preferredLead, stockRows)
    itemRows.push([
      itemId,
      `${chance.one(nouns)} ${chance.one(['A', 'B', 'C', 'X'])}${chance.between(10, 99)}`,
      stock.safety,
      stock.maximum,
      stock.pack,
      offer.preferred,
      maxLead,
    ])
    items.push({ id: itemId, cents: offer.bestCents, supplierId: offer.preferred })
    if (stock.ordered > 0) {
      orders.push({
        itemId,
        supplierId: offer.best,
        quantity: stock.ordered,
        costCents: stock.ordered * offer.bestCents,
      })
    }
  }
  world.csv('items.csv', 'item_id,name,safety_stock,maximum,pack_size,preferred_supplier,max_lead_days', itemRows)
  world.csv('stock.csv', 'item_id,on_hand,on_order', stockRows)
  world.csv('sales.csv', 'item_id,month,quantity', salesRows)
  world.csv('price-list.csv', 'supplier_id,item_id,unit_price,lead_days,valid_until', priceRows)
  world.figures.set('supplier-choice', { orders })
  return { items, offers }
}

function deal<Case extends string>(
  world: World,
  total: number,
  kinds: readonly Case[],
  canBe: (at: number) => boolean = () => true,
): (Case | undefined)[] {
  const places = world.chance.shuffled(Array.from({ length: total }, (_, at) => at)).filter(canBe)
  const cases: (Case | undefined)[] = Array.from({ length: total }, () => undefined)
  for (const kind of kinds) for (const at of places.splice(0, world.plants())) cases[at] = kind
  return cases
}

/** Writes twelve months whose last three average to exactly the returned demand. */
function plantDemand(world: World, itemId: string, demandCase: DemandCase, rows: (string | number)[][]): number {
  const { chance } = world
  const before = 2 * chance.between(10, 60)
  const demand =
    demandCase === 'no_sales'
      ? 0
      : demandCase === 'demand_rising'
        ? before * chance.between(2, 3)
        : demandCase === 'demand_falling'
          ? 2 * Math.floor(before / chance.between(5, 10))
          : before + 2 * chance.between(-3, 4)
  const wave = chance.between(0, 5)
  const quantities = [
    before + wave,
    before - wave,
    before,
    before,
    before + wave,
    before,
    before - wave,
    before,
    before,
    ...(demand === 0 ? [0, 0, 0] : [demand + Math.min(wave, demand), demand - Math.min(wave, demand), demand]),
  ]
  months.forEach((month, at) => rows.push([itemId, month, quantities[at] ?? 0]))
  if (demandCase === 'no_sales') world.expect('demand-forecast', 'no_sales', itemId, { before })
  else if (demandCase !== 'normal') world.expect('demand-forecast', demandCase, itemId, { forecast: demand, before })
  return demand
}

/** Chooses the stock of an item relative to its exact needs, so that the right answer is known before any sum is done. */
function plantStock(
  world: World,
  itemId: string,
  stockCase: StockCase,
  demand: number,
  leadDays: number,
  rows: (string | number)[][],
): { safety: number; maximum: number; pack: number; ordered: number } {
  const { chance } = world
  const leadDemand = (demand / 2) * (leadDays / 15)
  const safety = chance.between(10, 30)
  const point = leadDemand + safety
  const pack = chance.one([1, 5, 10, 12])
  const missing = chance.between(1, safety)
  const packs = chance.between(2, 9)
  // The order that fills up to the maximum: `packs` full packs, of which the last may be opened by fewer pieces.
  const short = packs * pack - chance.between(0, pack - 1)
  const late = stockCase === 'expedite' ? chance.between(1, Math.min(leadDemand, 9)) : 0
  const position = stockCase === 'expedite' ? leadDemand - late : point - missing
  const isOrdered = stockCase === 'reorder' || stockCase === 'expedite'
  const maximum = isOrdered ? Math.max(position + short, point) : point + chance.between(100, 300)
  const gap = maximum - position
  const quantity = isOrdered ? (maximum === position + short ? packs * pack : gap + ((pack - (gap % pack)) % pack)) : 0
  const onOrderPart = isOrdered ? chance.between(0, Math.floor(position / 2)) : 0
  const [onHand, onOrder] =
    stockCase === 'negative_stock'
      ? [-chance.between(1, 40), 0]
      : stockCase === 'overstock'
        ? [maximum + chance.between(1, 200), 0]
        : stockCase === 'below_safety'
          ? [safety - chance.between(1, safety), point + chance.between(0, 20)]
          : isOrdered
            ? [position - onOrderPart, onOrderPart]
            : chance.one([
                [point, 0],
                [maximum, 0],
                [point + chance.between(0, 99), 0],
                [safety, leadDemand],
              ])
  rows.push([itemId, onHand ?? 0, onOrder ?? 0])
  if (stockCase === 'negative_stock') world.expect('stock-levels', stockCase, itemId, { onHand: onHand ?? 0 })
  if (stockCase === 'overstock') world.expect('stock-levels', stockCase, itemId, { onHand: onHand ?? 0, maximum })
  if (stockCase === 'below_safety')
    world.expect('stock-levels', stockCase, itemId, { onHand: onHand ?? 0, safetyStock: safety })
  if (isOrdered) world.expect('reorder', stockCase, itemId, { quantity })
  return { safety, maximum, pack, ordered: quantity }
}

/** Writes the offers of an item and returns who is preferred and who is the right choice. */
function plantOffers(
  world: World,
  itemId: string,
  offerCase: OfferCase,
  suppliers: readonly Supplier[],
  rows: (string | number)[][],
  offers: Offer[],
): { preferred: string; preferredLead: number; best: string; bestCents: number } {
  const { chance, asOf } = world
  const [a, b, c, d] = chance
    .shuffled(suppliers)
    .slice(0, 4)
    .map((supplier) => supplier.id)
  if (a === undefined || b === undefined || c === undefined || d === undefined) throw new Error('too few suppliers')
  const cents = chance.between(150, 9000)
  const valid = shift(asOf, chance.between(0, 300))
  const lapsed = shift(asOf, -chance.between(1, 90))
  const lead = chance.one([15, 30])
  const add = (supplierId: string, price: number, leadDays: number, until: string): void => {
    rows.push(priceRow(supplierId, itemId, price, leadDays, until))
    offers.push({ supplierId, itemId, cents: price })
  }
  // Cheaper offers that must not be taken: too slow, or no longer valid.
  if (chance.between(1, 4) === 1) add(c, cents - chance.between(10, 100), 45, valid)
  if (chance.between(1, 4) === 1) add(d, cents - chance.between(10, 100), 15, lapsed)
  if (offerCase === 'single_source') {
    add(a, cents, lead, valid)
    world.expect('supplier-choice', 'single_source', itemId, { supplierId: a })
    return { preferred: a, preferredLead: lead, best: a, bestCents: cents }
  }
  if (offerCase === 'better_offer') {
    const saving = chance.between(1, 120)
    add(a, cents + saving, lead, valid)
    add(b, cents, chance.one([15, 30]), valid)
    world.expect('supplier-choice', 'better_offer', itemId, { from: a, to: b, savingCents: saving })
    return { preferred: a, preferredLead: lead, best: b, bestCents: cents }
  }
  if (offerCase === 'offer_expired') {
    add(a, cents - 20, lead, lapsed)
    add(b, cents, chance.one([15, 30]), valid)
    world.expect('supplier-choice', 'offer_expired', itemId, { from: a, to: b, validUntil: lapsed })
    return { preferred: a, preferredLead: lead, best: b, bestCents: cents }
  }
  add(b, cents + chance.between(0, 90), 15, valid)
  add(a, cents, lead, valid)
  return { preferred: a, preferredLead: lead, best: a, bestCents: cents }
}
