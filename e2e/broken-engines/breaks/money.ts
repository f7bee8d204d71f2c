import type { Break } from '../break.ts'

export const moneyBreaks: readonly Break[] = [
  {
    what: 'calls keep no books',
    lines: [
      {
        file: '/core/dist/run/attempt.js',
        find: 'this.#account = new AttemptAccount(this.#owner, this.#number, this.count, this.call);',
        replace: '',
      },
    ],
    fails: [
      'a call is announced and its money set aside before it leaves, and booked when it ended',
      'a call whose process was killed is booked once as unknown, with all that was set aside, before the run goes on',
      'a call without a price whose process was killed is booked once, without a price',
    ],
  },
  {
    what: 'a call of a model begins before its money is set aside',
    lines: [
      {
        file: '/engine-embedded/dist/active-run.js',
        find: 'opened.push((grant) => done(callGrant(budgets, grant, event.at)));',
        replace: "done({ kind: 'granted', picoDollars: null });",
      },
    ],
    fails: [
      'a call that a budget refuses is never sent, and its step fails once with budget.exceeded',
      'a call that its body leaves behind is booked as unknown when the step ends',
      'what a run may cost holds for everything below it',
      'a run that a budget stopped goes on when it is raised, and repeats nothing that was paid',
    ],
  },
  {
    what: 'children are charged to their parents only',
    lines: [
      {
        file: '/core/dist/run/call-context.js',
        find: 'return scopes.toSpliced(last + 1, 0, `run:${runId}`);',
        replace: 'return scopes;',
      },
    ],
    fails: ['a child is charged to whom its parent is charged, under its own name'],
  },
  {
    what: 'the context knows no models',
    lines: [
      {
        file: '/core/dist/run/segment-context.js',
        find: 'return this.#owner.call.models;',
        replace: 'return { resolve: () => ({}) };',
      },
    ],
    fails: ['code may ask what a model is before a step calls it'],
  },
]
