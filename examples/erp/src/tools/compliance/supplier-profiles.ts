import { z } from 'zod'

import { monthsBetween } from '../../data/dates.ts'
import { erpTool, select } from '../tool.ts'
import type { ErpTool } from '../tool.ts'

/** What is known about each supplier that bears on risk. */
export const supplierProfiles: ErpTool = erpTool({
  name: 'supplier_profiles',
  description:
    'Lists every supplier with country, country of the bank account, whether a contract is in force and a certificate on file, and the age of the company in months.',
  effect: 'read',
  input: z.strictObject({}),
  output: z.strictObject({
    suppliers: z.array(
      z.strictObject({
        supplierId: z.string(),
        country: z.string(),
        accountCountry: z.string(),
        hasContract: z.boolean(),
        hasCertificate: z.boolean(),
        ageMonths: z.int(),
      }),
    ),
  }),
  run: (company) => ({
    suppliers: select(
      company,
      `
      SELECT supplier_id AS supplierId, country, substr(iban, 1, 2) AS accountCountry, contract_until AS contractUntil, certificate,
        founded_on AS foundedOn
      FROM suppliers ORDER BY supplier_id`,
    ).map(({ contractUntil, certificate, foundedOn, ...supplier }) => ({
      ...supplier,
      hasContract: typeof contractUntil === 'string' && contractUntil >= company.facts.asOf,
      hasCertificate: certificate === 'yes',
      ageMonths: monthsBetween(String(foundedOn), company.facts.asOf),
    })),
  }),
})
