import { approvalTrail } from './compliance/approval-trail.ts'
import { expenseReport } from './compliance/expense-report.ts'
import { previousReport } from './compliance/previous-report.ts'
import { supplierProfiles } from './compliance/supplier-profiles.ts'
import { bankLines } from './finance/bank-lines.ts'
import { cashBook } from './finance/cash-book.ts'
import { findSimilarInvoices } from './finance/find-similar-invoices.ts'
import { paymentCalendar } from './finance/payment-calendar.ts'
import { paymentTerms } from './finance/payment-terms.ts'
import { readInvoice } from './finance/read-invoice.ts'
import { readOrder } from './finance/read-order.ts'
import { readReceipts } from './finance/read-receipts.ts'
import { calculator } from './general/calculator.ts'
import { query } from './general/query.ts'
import { readDocument } from './general/read-document.ts'
import { calendars } from './hr/calendars.ts'
import { interviewRequests } from './hr/interview-requests.ts'
import { onboardingStatus } from './hr/onboarding-status.ts'
import { demandHistory } from './inventory/demand-history.ts'
import { priceList } from './inventory/price-list.ts'
import { reorderPoints } from './inventory/reorder-points.ts'
import { stockLevels } from './inventory/stock-levels.ts'
import type { ErpTool } from './tool.ts'

/** Every reading tool of the example. The report writer is made per run, see `report/write-report-tool.ts`. */
export const allTools: readonly ErpTool[] = [
  query,
  calculator,
  readDocument,
  readInvoice,
  readOrder,
  readReceipts,
  findSimilarInvoices,
  paymentTerms,
  paymentCalendar,
  bankLines,
  cashBook,
  stockLevels,
  demandHistory,
  reorderPoints,
  priceList,
  interviewRequests,
  calendars,
  onboardingStatus,
  expenseReport,
  previousReport,
  approvalTrail,
  supplierProfiles,
]
