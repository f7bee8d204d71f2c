import { z } from 'zod'

import { erpTool, select } from '../tool.ts'
import type { ErpTool } from '../tool.ts'

/** Who offers what, and who is asked first. */
export const priceList: ErpTool = erpTool({
  name: 'price_list',
  description:
    'Lists every item with its preferred supplier and longest bearable lead time, and all offers: unit price in cents, lead time, valid until, and whether the offer has lapsed at the as-of date.',
  effect: 'read',
  input: z.strictObject({}),
  output: z.strictObject({
    items: z.array(z.strictObject({ itemId: z.string(), preferredSupplier: z.string(), maxLeadDays: z.int() })),
    offers: z.array(
      z.strictObject({
        itemId: z.string(),
        supplierId: z.string(),
        unitPriceCents: z.int(),
        leadDays: z.int(),
        validUntil: z.string(),
        isLapsed: z.boolean(),
      }),
    ),
  }),
  run: (company) => ({
    items: select(
      company,
      `
      SELECT item_id AS itemId, preferred_supplier AS preferredSupplier, max_lead_days AS maxLeadDays FROM items ORDER BY item_id`,
    ),
    offers: select(
      company,
      `
      SELECT item_id AS itemId, supplier_id AS supplierId, unit_price AS unitPriceCents, lead_days AS leadDays, valid_until AS validUntil
      FROM price_list ORDER BY item_id, supplier_id`,
    ).map((offer) => ({ ...offer, isLapsed: String(offer['validUntil']) < company.facts.asOf })),
  }),
})
