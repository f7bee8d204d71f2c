import { auditor } from './auditor.ts'
import { bankReconciler } from './bank-reconciler.ts'
import { candidateMatcher } from './candidate-matcher.ts'
import { changeMonitor } from './change-monitor.ts'
import { readConversation } from './chat.ts'
import type { Answer, ChatRequest, Role } from './chat.ts'
import { demandForecaster } from './demand-forecaster.ts'
import { expenseChecker } from './expense-checker.ts'
import { interviewScheduler } from './interview-scheduler.ts'
import { invoiceChecker } from './invoice-checker.ts'
import { onboarder } from './onboarder.ts'
import { paymentPlanner } from './payment-planner.ts'
import { reorderPlanner } from './reorder-planner.ts'
import { reporter } from './reporter.ts'
import { resumeScreener } from './resume-screener.ts'
import { riskScorer } from './risk-scorer.ts'
import { stockKeeper } from './stock-keeper.ts'
import { supplierChooser } from './supplier-chooser.ts'
import { trailAuditor } from './trail-auditor.ts'

const roles: ReadonlyMap<string, Role> = new Map([
  ['invoice-checker', invoiceChecker],
  ['payment-planner', paymentPlanner],
  ['bank-reconciler', bankReconciler],
  ['auditor', auditor],
  ['stock-keeper', stockKeeper],
  ['demand-forecaster', demandForecaster],
  ['reorder-planner', reorderPlanner],
  ['supplier-chooser', supplierChooser],
  ['resume-screener', resumeScreener],
  ['candidate-matcher', candidateMatcher],
  ['interview-scheduler', interviewScheduler],
  ['onboarder', onboarder],
  ['expense-checker', expenseChecker],
  ['change-monitor', changeMonitor],
  ['trail-auditor', trailAuditor],
  ['risk-scorer', riskScorer],
  ['reporter', reporter],
])

/**
 * The offline scripted model: stands in for a real one when there is no key. It answers from the request body alone:
 * the system message names the role, the messages hold the task and what the tools have said.
 */
export function script(request: ChatRequest): Answer {
  const talk = readConversation(request)
  const role = roles.get(talk.role)
  return role === undefined ? { text: `The offline scripted model knows no role "${talk.role}".` } : role(talk)
}
