// oxlint-disable max-lines -- one table of codes, looked up by name and never read from end to end
/** How the command line ends for an error: see `docs/reference/errors.md`. */
export interface ErrorEntry {
  /** What happened, one sentence. */
  readonly summary: string
  /** What to do next. */
  readonly fix: string
  /** Whether the same call may succeed when repeated, unless the thrower says otherwise. */
  readonly retryable?: true
  /** Exit code of the command line; 1 when absent. */
  readonly exit?: number
}

/**
 * Every error code of Meepo. `docs/reference/errors.md` is generated from this table.
 * A code is a promise: it is never renamed and never reused.
 */
export const catalogue = {
  'agent.context_full': {
    summary: 'The conversation does not fit into the window of the model, and could not be made smaller.',
    fix: 'Let it be summarised (`compaction`), ask tools for less at once, or take a model with a larger window.',
  },
  'agent.handoff_refused': {
    summary: 'A hand-off was refused: there were too many, or two at once. The model reads this.',
    fix: 'Raise `maxHandoffs`, or tell the agents more clearly which of them does what.',
  },
  'agent.invalid_output': {
    summary: 'The final answer of the agent does not match its output schema.',
    fix: 'Make the instructions name the fields of the schema, or loosen the schema.',
  },
  'agent.no_model': {
    summary: 'The agent names a model by string, but nothing in this process resolves model names.',
    fix: 'Give the engine a gateway (`createMeepo` does), or give the agent a Model object.',
  },
  'agent.no_progress': {
    summary: 'The agent repeated the same calls with the same results, after it was told so.',
    fix: 'Look at the trace. Where repeating is right, as for polling, raise `progress.stopAfter` or switch `progress` off.',
  },
  'agent.token_limit': {
    summary: 'The agent used more tokens than it may.',
    fix: 'Raise `maxTokens`, or look at the trace for what is so large.',
  },
  'agent.truncated': {
    summary: 'The answer of the model was cut off at its limit of output tokens.',
    fix: 'Raise `settings.maxOutputTokens`, or ask for a shorter answer.',
  },
  'agent.turn_limit': {
    summary: 'The agent used all its turns without a final answer.',
    fix: 'Raise `maxTurns`, or look at the trace for a loop.',
    exit: 4,
  },
  'alert.not_delivered': {
    summary: 'An alert did not arrive where it was sent. It is kept and sent again.',
    fix: 'Check the address, and what the other side answers.',
    retryable: true,
  },
  'archive.conflict': {
    summary: 'The store has a run of that id with another content than the archive.',
    fix: 'Import it into another store, or look at both (`meepo trace RUN`) and decide which one stays.',
    exit: 2,
  },
  'archive.corrupt': {
    summary: 'An object of the archive is not what was put there.',
    fix: 'Take another copy. What was read has changed nothing.',
    exit: 6,
  },
  'archive.failed': {
    summary: 'The archive could not be read or written.',
    fix: 'See the cause in the message: the folder, the address, or the rights of whoever calls.',
    exit: 6,
  },
  'archive.invalid_name': {
    summary: 'A name of an object in an archive is not one that the archive makes.',
    fix: 'Make it with `archiveName`.',
  },
  'archive.newer': {
    summary: 'The archive was written by a newer release.',
    fix: 'Read it with that release or a later one.',
    exit: 2,
  },
  'archive.not_found': {
    summary: 'The archive has no object of that name.',
    fix: 'List what it has with `meepo checkpoints list --held`.',
    exit: 2,
  },
  'archive.tampered': {
    summary: 'A part of the archive does not match its digest, or is missing.',
    fix: 'Take another copy. Nothing of it was imported.',
    exit: 6,
  },
  'archive.unknown_form': {
    summary: 'The text is no archive of a run.',
    fix: 'Give what `meepo export` wrote, whole.',
    exit: 2,
  },
  'budget.exceeded': {
    summary: 'A budget has too little left for the call. Nothing was sent.',
    fix: 'Wait for the time that the message names, or raise it with `meepo budget set`, then resume the run.',
    exit: 4,
  },
  'checkpoint.not_found': {
    summary: 'The run has no checkpoint there.',
    fix: 'List them with `meepo checkpoints list --run RUN`.',
    exit: 2,
  },
  'checkpoint.would_repeat': {
    summary: 'Going on from that checkpoint would repeat what the run has done to the world since.',
    fix: 'Look at the steps that the message names; say `--repeat` if they may happen again.',
    exit: 2,
  },
  'child.conflict': {
    summary: 'A child id was used again with another definition or another input.',
    fix: 'Give each child of a run its own id.',
  },
  'child.failed': {
    summary: 'A child run ended without success.',
    fix: 'Look at the trace of the child named in the details.',
  },
  'config.broken': {
    summary: 'The configuration file cannot be loaded: it has a syntax error, an import that is missing, or it threw.',
    fix: 'Correct the file at the place that the message names; run it with node to see more.',
    exit: 2,
  },
  'config.invalid': {
    summary: 'The configuration or the command line is wrong.',
    fix: 'Correct the place that the message names.',
    exit: 2,
  },
  'config.not_found': {
    summary: 'The configuration file does not exist.',
    fix: 'Create meepo.config.ts, or name one with --config.',
    exit: 2,
  },
  'ctx.inside_step': {
    summary: 'The body of a step called the run context.',
    fix: 'Call ctx before or after the step; a body only uses its Attempt.',
  },
  'ctx.invalid_call': {
    summary: 'A method of the run context was called with arguments that make no sense.',
    fix: 'Correct the call that the message names.',
  },
  'definition.duplicate': {
    summary: 'Two definitions have the same name and version, or one has the name of the schedule of a workflow.',
    fix: 'Rename one of them or raise its version.',
    exit: 2,
  },
  'definition.invalid': {
    summary: 'A definition is malformed.',
    fix: 'Correct the field that the message names.',
    exit: 2,
  },
  'definition.unknown': {
    summary: 'No definition of that name and version is registered.',
    fix: 'Check the name (`meepo doctor` lists them), or register the version that the run is pinned to.',
    exit: 2,
  },
  'engine.no_worker': {
    summary: 'No worker is known to the Restate cluster that can drive runs of this definition.',
    fix: 'Start a worker that has the definition: `meepo worker --engine restate`. The run waits in the store until then.',
    retryable: true,
  },
  'engine.overloaded': {
    summary: 'The memory of the process is nearly full, so the engine takes no new work.',
    fix: 'Try again soon or on another process; give it more memory (`--max-old-space-size`) or less concurrency.',
    retryable: true,
    exit: 5,
  },
  'engine.stopped': {
    summary: 'The engine is stopping or has stopped and takes no new work.',
    fix: 'Start another engine on the same store; interrupted runs resume there.',
    exit: 5,
  },
  'engine.unreachable': {
    summary: 'The Restate cluster did not answer, or refused.',
    fix: 'Look whether it is up at the configured addresses. Runs are in the store: they go on when it answers again.',
    retryable: true,
  },
  'erase.open_runs': {
    summary: 'Runs of the subject have not ended. Nothing was erased.',
    fix: 'Cancel them (the message names them), let them end, then erase again.',
    exit: 2,
  },
  'expression.failed': {
    summary: 'A CEL expression could not be evaluated for the values that there were.',
    fix: 'Look at the position that the message names; `has(a.b)`, `a.?b.orValue(c)` and `string(a)` help where values differ.',
  },
  'expression.invalid': {
    summary: 'A CEL expression is malformed, or uses a name or function that there is not.',
    fix: 'Correct it at the position that the message names.',
    exit: 2,
  },
  'expression.not_loaded': {
    summary: 'A graph was made of data before the evaluator of expressions was loaded.',
    fix: 'Import from `@meepo/core/graph-data`, or await `loadExpressions()` first.',
  },
  'expression.too_costly': {
    summary: 'A CEL expression took more work than one evaluation may.',
    fix: 'Make its lists smaller or nest fewer of them, or do this work in a function or tool.',
  },
  'file.invalid': {
    summary: 'A file is not the YAML or JSON that was expected.',
    fix: 'Correct it at the line and column that the message names.',
    exit: 2,
  },
  'graph.changed': {
    summary: 'The graph is not the one that the run began with, though it has the same version.',
    fix: 'Register the old graph under its version again and resume the run; give the new one another version.',
  },
  'graph.cycle': {
    summary: 'The tasks of the graph need each other in a circle.',
    fix: 'Remove one of the needs that the message lists.',
    exit: 2,
  },
  'graph.invalid': {
    summary: 'The graph is malformed.',
    fix: 'Correct the task that the message names.',
    exit: 2,
  },
  'graph.join_failed': {
    summary: 'A task waited for results of its needs that did not come, or not in time.',
    fix: 'Look at the needs that the message names; a longer `joinWithinMs` or another `join` may be what you want.',
  },
  'graph.not_data': {
    summary: 'The graph holds code that cannot be written as data.',
    fix: 'Make conditions and mappings of the task that the message names by `cel` and `mapping`, and register its function by a name.',
  },
  'graph.over_budget': {
    summary: 'The graph is likely to cost more than its budget. Nothing of it was run.',
    fix: 'Raise the budget, let it do less, or choose cheaper models; `meepo run --ignore-estimate` runs it all the same.',
    exit: 2,
  },
  'graph.task_failed': {
    summary: 'A task of the graph failed, and tasks that need it could not run.',
    fix: 'Look at the task named in the details; finished tasks are kept.',
  },
  'graph.task_timeout': {
    summary: 'A task of a graph ran longer than its timeout and was cancelled.',
    fix: 'Raise timeoutMs of the task, or give it a retry.',
    retryable: true,
  },
  'input.invalid': {
    summary: 'The input does not match the schema of the definition.',
    fix: 'Correct the fields that the message lists.',
    exit: 2,
  },
  'input.unreadable': {
    summary: 'The file that holds the input cannot be read.',
    fix: 'Check the path behind the @ of --input.',
    exit: 2,
  },
  'json.invalid': {
    summary: 'A value that must be JSON is not (cycle, function, bigint, undefined in an array, not-a-number).',
    fix: 'Return plain JSON from steps and tools.',
  },
  'limit.closed': {
    summary: 'The limiter is closed and gives no more permits.',
    fix: 'Nothing to do: the process is ending.',
    exit: 5,
  },
  'limit.exceeded': {
    summary: 'A limit has no room for the call before its deadline.',
    fix: 'Wait as long as the details say and repeat, or raise the limit that they name.',
    retryable: true,
  },
  'limit.impossible': {
    summary: 'The call is larger than a limit ever allows at once.',
    fix: 'Shorten the input, or raise the amount or burst of the limit that the details name.',
  },
  'limit.queue_full': {
    summary: 'Too many calls wait for a limit already.',
    fix: 'Wait as long as the details say and repeat, or start less at a time.',
    retryable: true,
  },
  'log.unknown_event': {
    summary: 'The log holds an event type or version that this release does not know.',
    fix: 'Use the release that wrote the log, or a newer one.',
  },
  'model.bad_response': {
    summary: 'The provider answered with something that is not a model answer.',
    fix: 'Check the base URL and the model name.',
    retryable: true,
  },
  'model.content_filter': {
    summary: 'The provider refused to answer because of its content filter.',
    fix: 'Change the input.',
  },
  'model.context_length': {
    summary: 'The conversation is longer than the context window of the model.',
    fix: 'Shorten the input or choose a model with a larger window.',
  },
  'model.interrupted': {
    summary: 'The stream of the provider ended before the answer was complete.',
    fix: 'Repeat the call; a part of an answer is never returned as the answer.',
    retryable: true,
  },
  'model.invalid_output': {
    summary: 'The model does not answer with JSON of the schema, also after it was told what is wrong.',
    fix: 'Make the prompt name the fields of the schema, loosen the schema, or take a more capable model.',
  },
  'model.not_found': {
    summary: 'The provider does not know that model.',
    fix: 'Check the model name after the colon.',
    exit: 2,
  },
  'model.overloaded': {
    summary: 'The provider is overloaded.',
    fix: 'Wait and repeat.',
    retryable: true,
  },
  'model.rate_limited': {
    summary: 'The provider refused the call because of its rate limit.',
    fix: 'Wait as long as the details say and repeat.',
    retryable: true,
  },
  'model.rejected': {
    summary: 'The provider rejected the request as invalid.',
    fix: 'See the message of the provider in the details.',
  },
  'model.timeout': {
    summary: 'The provider did not answer in time.',
    fix: 'Repeat, or raise the timeout.',
    retryable: true,
  },
  'model.truncated': {
    summary: 'The answer was cut off at the limit of output tokens before its JSON was complete.',
    fix: 'Raise `settings.maxOutputTokens`, or ask for less at a time.',
  },
  'model.unauthorized': {
    summary: 'The provider refused the key.',
    fix: 'Set the key of the provider (for example OPENAI_API_KEY).',
    exit: 2,
  },
  'model.unavailable': {
    summary: 'The provider cannot be reached or answered with a server error.',
    fix: 'Check the base URL and the network, then resume the run.',
    retryable: true,
  },
  'model.unknown_name': {
    summary: 'A model name is neither `provider:model` nor a known alias.',
    fix: 'Write it as provider:model, for example openai:gpt-6-sol, or declare the alias.',
    exit: 2,
  },
  'money.invalid': {
    summary: 'A text or number is no amount of money.',
    fix: 'Write dollars as 1.5, "1.50" or "$1.50", with at most 12 decimals.',
    exit: 2,
  },
  'output.invalid': {
    summary: 'The code of a definition returned something that its output schema refuses.',
    fix: 'Correct the code or the schema.',
  },
  'plan.check_failed': {
    summary: 'The result of a planned task is not what the plan expects of it.',
    fix: 'The planner recovers from it; look at the trace for the reason if the plan failed because of it.',
  },
  'plan.cycle': {
    summary: 'The tasks of a plan need each other in a circle, also after the model was told.',
    fix: 'Run it again, make the goal smaller, or take a more capable model.',
  },
  'plan.denied': {
    summary: 'A person denied the plan, or nobody answered in time.',
    fix: 'Change the goal or the planner as the reason says, and run it again.',
  },
  'plan.failed': {
    summary: 'A plan could not be carried out, and nothing that was allowed helped.',
    fix: 'Look at the history in the details: it names each failed task, its tries and what was done about them.',
  },
  'plan.goal_not_reached': {
    summary: 'All tasks of a plan are done, and the goal does not count as reached.',
    fix: 'See the reason; give the planner the tools that are missing, say the goal more exactly, or raise maxReplans.',
  },
  'plan.invalid': {
    summary: 'A plan is malformed or gives a task arguments that its tool or agent does not take.',
    fix: 'Take a more capable model, or describe tools and agents more exactly; the message names each problem.',
  },
  'plan.over_budget': {
    summary: 'A plan is likely to cost more than the run may spend. Nothing of it was begun.',
    fix: 'Raise the budget, make the goal smaller, or let a person decide (`approval: "over_budget"`).',
    exit: 4,
  },
  'plan.self_call': {
    summary: 'A plan calls its own planner, which would never end.',
    fix: 'Take a more capable model; to plan parts of a goal separately give the planner another planner as a tool.',
  },
  'plan.too_large': {
    summary: 'A plan has more tasks than are allowed.',
    fix: 'Make the goal smaller, or raise maxSteps (up to 10,000).',
  },
  'plan.unknown_worker': {
    summary: 'A plan names a tool or an agent that the planner does not have.',
    fix: 'Give the planner that tool or agent, or take a more capable model.',
  },
  'price.duplicate': {
    summary: 'Two price cards of one provider have the same model id or alias.',
    fix: 'Remove one of them; an override replaces a card of the book by itself.',
    exit: 2,
  },
  'price.invalid': {
    summary: 'A price book or an override does not have the shape of one.',
    fix: 'Correct the field that the message names.',
    exit: 2,
  },
  'price.missing': {
    summary: 'A price card lacks a price that it must have.',
    fix: 'Give the price of input and output text; write 0 if it is free.',
    exit: 2,
  },
  'price.negative': { summary: 'A price is negative.', fix: 'Correct the price that the message names.', exit: 2 },
  'price.not_whole': {
    summary: 'A price is no whole number of pico-dollars.',
    fix: 'Prices in cards are pico-dollars for a token: $1 per million tokens is 1000000.',
    exit: 2,
  },
  'price.overlap': {
    summary: 'Two periods of a price card hold at the same time, or one ends before it begins.',
    fix: 'Make the later one begin when the earlier one ends.',
    exit: 2,
  },
  'price.tiers': {
    summary: 'The size tiers of a price card make no sense.',
    fix: 'Let the sizes rise and say for each whether it begins at its size (gte) or above (gt).',
    exit: 2,
  },
  'price.unpriced': {
    summary: 'The model has no price, and the policy refuses calls without one.',
    fix: 'Add an override for the model, or choose another policy for unpriced calls.',
    exit: 2,
  },
  'prompt.missing_variable': {
    summary:
      'A prompt template was not given a variable that it names, or was given something else than text, number or boolean.',
    fix: 'Give all the variables that the message names.',
    exit: 2,
  },
  'request.invalid': {
    summary: 'A request to the gateway is malformed. Nothing was sent.',
    fix: 'Correct the field that the message names.',
    exit: 2,
  },
  'result.too_large': {
    summary: 'A result is larger than 8 MB.',
    fix: 'Store the data elsewhere and return a reference to it.',
  },
  'route.no_target': {
    summary: 'No target of a route can take the call.',
    fix: 'See the details for what each target lacks: a window, an ability, a region, a price below the cap.',
  },
  'run.cancelled': { summary: 'The run was cancelled.', fix: 'Start it again if that was a mistake.', exit: 130 },
  'run.deadline': {
    summary: 'The run passed its deadline or used up its active time.',
    fix: 'Raise the deadline or the active time limit.',
    exit: 4,
  },
  'run.ended': { summary: 'The run has ended and takes nothing more.', fix: 'Start a new run.' },
  'run.exists': {
    summary: 'A run with that id exists with another definition or input.',
    fix: 'Choose another run id.',
  },
  'run.foreign_await': {
    summary: 'The run awaited something that is not a Task of its context (a timer, fetch, import, crypto).',
    fix: 'Put the call into ctx.step, or use ctx.sleep.',
  },
  'run.nondeterministic': {
    summary: 'The code made another call than the one its log recorded at the same place.',
    fix: 'Guard the change with ctx.patch, or finish the run with the version that started it.',
  },
  'run.not_found': { summary: 'No run has that id.', fix: 'List the runs with `meepo runs`.', exit: 2 },
  'run.not_resumable': {
    summary: 'The run has not ended, or it completed: there is nothing to resume.',
    fix: 'Look at its status with `meepo runs`.',
    exit: 2,
  },
  'run.segment_too_long': {
    summary: 'One segment of the run has more steps than its definition allows: 10,000 unless it says otherwise.',
    fix: 'End the segment with ctx.continueWith(state), or raise `segmentCalls` of the definition where its length is bounded otherwise.',
  },
  'run.too_wide': {
    summary: 'The run has more than 1,000 open tasks.',
    fix: 'Start fewer at a time; a graph queues by itself.',
  },
  'schedule.blocked': {
    summary:
      'A run of something else has the id of the next scheduler of a workflow, so that its schedule cannot be changed.',
    fix: 'Give the definition of that run a `retention`, so that it goes when it has ended, or give the workflow another name.',
    exit: 2,
  },
  'schedule.invalid': {
    summary: 'The schedule of a workflow makes no sense: its cron, its time zone, or another field.',
    fix: 'Correct the field that the message names.',
    exit: 2,
  },
  'schedule.missing': {
    summary: 'A workflow without a schedule cannot be paused or resumed.',
    fix: 'Give it a `schedule`, or name another workflow (`meepo workflows`).',
    exit: 2,
  },
  'session.busy': {
    summary: 'The session is answering another message, and the sender did not want to wait.',
    fix: 'Send it again later, or with the policy `queue`, `steer` or `fork`.',
    retryable: true,
  },
  'session.ended': {
    summary: 'The run behind the session has ended and answers no more messages.',
    fix: 'See why with `meepo show`. After a limit, resume the run; otherwise begin another session.',
  },
  'signal.conflict': {
    summary: 'A signal of that name was already delivered with another value.',
    fix: 'Signals are single-assignment: use another name.',
  },
  'signal.timeout': {
    summary: 'Nobody delivered the signal in time.',
    fix: 'Deliver it earlier, or raise the timeout.',
  },
  'step.failed': { summary: 'A step threw something that is no Meepo error.', fix: 'See the message.' },
  'step.not_unknown': {
    summary: 'Only a step with an unknown outcome can be resolved.',
    fix: 'Look at the trace for the number of the unknown step.',
    exit: 2,
  },
  'step.timeout': { summary: 'A step ran longer than its timeout.', fix: 'Raise timeoutMs.', retryable: true },
  'step.unknown': {
    summary: 'A step that must not be repeated started, and its outcome is not known.',
    fix: 'Find out what happened, then `meepo resolve RUN STEP --done JSON | --not-done | --fail`.',
    exit: 3,
  },
  'store.closed': { summary: 'The store is closed.', fix: 'Open it again.' },
  'store.corrupt': {
    summary: 'The file is no Meepo database or is damaged.',
    fix: 'Name another file, or restore it from a backup.',
    exit: 6,
  },
  'store.disk_full': {
    summary: 'The disk is full. Nothing acknowledged is lost.',
    fix: 'Free some space and resume.',
    exit: 6,
  },
  'store.failed': { summary: 'The store could not write or read.', fix: 'See the cause in the message.', exit: 6 },
  'store.fenced': {
    summary: 'Another engine owns the run now; this append was refused.',
    fix: 'Nothing to do: the other engine goes on.',
  },
  'store.newer_format': {
    summary: 'The database was written by a newer release.',
    fix: 'Use that release or a newer one.',
    exit: 6,
  },
  'store.not_durable': {
    summary: 'The database server would lose what it acknowledged, or cannot hold every text.',
    fix: 'Turn on what the message names (fsync, full_page_writes, synchronous_commit), or use another server or database.',
    exit: 6,
  },
  'store.not_found': {
    summary: 'There is no database at that path, and the command only looks at one.',
    fix: 'Run something first, or name the right configuration with --config.',
    exit: 2,
  },
  'store.not_writable': {
    summary: 'The database or its folder cannot be written.',
    fix: 'Choose another folder or change its permissions.',
    exit: 6,
  },
  'store.sequence_conflict': {
    summary: 'An append does not continue the log where it ends.',
    fix: 'Reload the run; another writer was faster.',
  },
  'store.sqlite_too_old': {
    summary: 'This SQLite has a known corruption bug.',
    fix: 'Use a Node release with SQLite 3.51.3 or newer.',
    exit: 6,
  },
  'task.cancelled': { summary: 'The task was cancelled by its run.', fix: 'Nothing to do.' },
  'tool.breaker_open': {
    summary: 'The tool failed too often in a row; its calls are refused for a while. Nothing was sent.',
    fix: 'See why it fails; give it a fallback, or wait until its breaker lets a call through.',
  },
  'tool.cyclic_order': {
    summary: 'Calls of one turn wait for each other in a circle.',
    fix: 'The model reads this and orders its calls.',
  },
  'tool.denied': { summary: 'The tool call was denied.', fix: 'Approve it, or let the agent do without.' },
  'tool.failed': { summary: 'A tool threw an error.', fix: 'See the message.' },
  'tool.idle': {
    summary: 'A tool neither called heartbeat nor previewed text for longer than its idleTimeoutMs.',
    fix: 'Raise idleTimeoutMs, or call heartbeat more often.',
    retryable: true,
  },
  'tool.impossible': {
    summary: 'A tool needs more of a pool than there is, or a pool that nobody declared.',
    fix: 'Declare the pool with enough units, where the tool runtime is made or the turn is run.',
  },
  'tool.invalid_arguments': {
    summary: 'The arguments do not match the input schema of the tool.',
    fix: 'The model reads this and corrects the call.',
  },
  'tool.invalid_output': {
    summary: 'The result does not match the output schema of the tool.',
    fix: 'Correct the tool.',
  },
  'tool.missing_result': {
    summary: 'A call waits for, or takes, the result of a call that failed or does not exist.',
    fix: 'The model reads this and corrects the call.',
  },
  'tool.needs_run': {
    summary: 'A composite tool, or one that asks a person, was called outside of a run that could wait for it.',
    fix: 'Call it from a definition that an engine runs, or give the executor what it asks for.',
  },
  'tool.unknown': { summary: 'The model called a tool that the agent does not have.', fix: 'The model reads this.' },
} as const

/** A code of the catalogue. */
export type ErrorCode = keyof typeof catalogue
