/**
 * The statements of the writer for counters. They run in the transaction of their batch, under the write lock. Buckets
 * are found by limit_buckets_value, permits by limit_permits_permit and limit_permits_holder, the rest by primary key.
 */
export const limitSql = {
  clock: 'SELECT last, ahead_ms FROM limit_clock',
  setClock: 'UPDATE limit_clock SET last = ?, ahead_ms = ?',

  bucket: 'SELECT * FROM limit_buckets WHERE name = ? AND value = ?',
  putBucket: `INSERT INTO limit_buckets
    (name, value, rule, level, at, open, taken, returnable, learned_mark, cut_mark, percent, percent_at, slots,
      turns)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (name, value) DO UPDATE SET rule = excluded.rule, level = excluded.level, at = excluded.at,
      open = excluded.open, taken = excluded.taken, returnable = excluded.returnable, learned_mark = excluded.learned_mark,
      cut_mark = excluded.cut_mark, percent = excluded.percent, percent_at = excluded.percent_at,
      slots = excluded.slots, turns = excluded.turns`,
  // Of a bucket that exists: one that is full needs no row, and nobody waits for it.
  putTurns: 'UPDATE limit_buckets SET turns = ? WHERE name = ? AND value = ?',
  deleteBucket: 'DELETE FROM limit_buckets WHERE name = ? AND value = ?',
  // rowid; goes round the table a slice at a time.
  someBuckets: 'SELECT * FROM limit_buckets WHERE id > ? ORDER BY id LIMIT 200',

  permit: 'SELECT holder, parts FROM limit_permits WHERE permit_id = ?',
  addPermit: 'INSERT INTO limit_permits (permit_id, holder, parts) VALUES (?, ?, ?)',
  deletePermit: 'DELETE FROM limit_permits WHERE permit_id = ?',
  permitsOf: 'SELECT permit_id FROM limit_permits WHERE holder = ?',

  holder: 'SELECT expires_at FROM limit_holders WHERE holder = ?',
  // As many rows as processes.
  deadHolders: 'SELECT holder FROM limit_holders WHERE expires_at <= ?',
  addHolder: `INSERT INTO limit_holders (holder, expires_at, waiting) VALUES (?, ?, '[]')
    ON CONFLICT (holder) DO NOTHING`,
  beatHolder: `INSERT INTO limit_holders (holder, expires_at, waiting) VALUES (?, ?, ?)
    ON CONFLICT (holder) DO UPDATE SET expires_at = excluded.expires_at, waiting = excluded.waiting`,
  deleteHolder: 'DELETE FROM limit_holders WHERE holder = ?',

  cooldown: 'SELECT until FROM limit_cooldowns WHERE key = ?',
  setCooldown: `INSERT INTO limit_cooldowns (key, until) VALUES (?, ?)
    ON CONFLICT (key) DO UPDATE SET until = excluded.until`,
  deleteOldCooldowns: 'DELETE FROM limit_cooldowns WHERE until <= ?',

  addTally: `INSERT INTO limit_tallies (name, requests, waits, waited_ms, longest_wait_ms, refusals, throttles)
    VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (name) DO UPDATE SET requests = requests + excluded.requests, waits = waits + excluded.waits,
      waited_ms = waited_ms + excluded.waited_ms, longest_wait_ms = max(longest_wait_ms, excluded.longest_wait_ms),
      refusals = refusals + excluded.refusals, throttles = throttles + excluded.throttles`,
} as const
