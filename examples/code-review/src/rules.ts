/** What a review may report: how bad it is, and what counts as it. The text is part of the reviewer's instructions. */
export const rules = {
  secret: { severity: 'high', means: 'a password, token or private key written into the file' },
  sql_injection: { severity: 'high', means: 'SQL that is put together from values with + or ${}' },
  bug: { severity: 'high', means: 'a mistake that makes the code do something else than it says' },
  swallowed_error: { severity: 'medium', means: 'a catch without any reaction' },
  missing_test: {
    severity: 'medium',
    means: 'a new file with functions for which find_files shows no test file; line 1',
  },
  large_function: {
    severity: 'low',
    means: 'a function of more than 60 lines that the change touches; the line where it begins',
  },
  debug_output: { severity: 'low', means: 'console.log or debugger left behind, outside of tests' },
  open_marker: { severity: 'low', means: 'a comment that marks work as unfinished, such as FIXME' },
} as const

/** The name of a rule. */
export type RuleName = keyof typeof rules

/** All names, the worst first. */
// The keys of this record are the names of rules.
export const ruleNames = Object.keys(rules) as readonly RuleName[]
