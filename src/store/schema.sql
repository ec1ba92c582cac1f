-- The station's database, version 9. Times are nanoseconds since 1970-01-01T00:00:00Z unless a column says otherwise.
-- Objects that people plan with are documents: what they mean is checked by loaxa-schedules, what is searched has a column.

-- Facts about the board itself: 'accounted_until', 'stopped', …
CREATE TABLE station (
  key   TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT;

-- People and tokens. Both are identities of the four-eyes rule.
CREATE TABLE identities (
  id          TEXT PRIMARY KEY,
  kind        TEXT NOT NULL CHECK (kind IN ('person', 'token')),
  name        TEXT NOT NULL,
  role        TEXT,                       -- people only
  scopes      TEXT NOT NULL,              -- JSON array of scope names
  secret      TEXT NOT NULL,              -- people: Argon2id PHC string; tokens: SHA-256 of the secret, hexadecimal
  one_time    INTEGER NOT NULL DEFAULT 0, -- people: the password must be replaced before anything else
  created_at  INTEGER NOT NULL,
  expires_at  INTEGER,
  revoked_at  INTEGER,
  version     INTEGER NOT NULL DEFAULT 1, -- counts up with each change; the object's ETag
  created_by  TEXT,                       -- identity that made it, or a word: 'console', 'first start'
  seen_at     INTEGER,                    -- last use, noted once a minute at most
  -- approvals
  person      TEXT                        -- tokens: who made it, where that is a person or token; null: nobody but itself
) STRICT;
CREATE UNIQUE INDEX people_by_name ON identities (name) WHERE kind = 'person';

-- Browser sessions, found by the SHA-256 of the cookie.
CREATE TABLE sessions (
  hash       TEXT PRIMARY KEY,
  identity   TEXT NOT NULL REFERENCES identities (id),
  created_at INTEGER NOT NULL,
  seen_at    INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  id         TEXT,                        -- by which it is listed and ended; says nothing about the cookie
  address    TEXT,                        -- from where it was opened
  browser    TEXT                         -- what the browser called itself then
) STRICT;
CREATE UNIQUE INDEX sessions_by_id ON sessions (id);

-- Browsers in which somebody logged in well, found by the SHA-256 of a cookie that says only this: who guesses at a name
-- elsewhere does not slow that person down here.
CREATE TABLE browsers (
  hash     TEXT NOT NULL,
  identity TEXT NOT NULL REFERENCES identities (id),
  seen_at  INTEGER NOT NULL,
  PRIMARY KEY (hash, identity)
) STRICT, WITHOUT ROWID;

-- One row a recording that somebody pushed under a title. Two rows may share one original (same sha256).
CREATE TABLE segments (
  id            TEXT PRIMARY KEY,
  version       INTEGER NOT NULL,
  state         TEXT NOT NULL,
  sha256        TEXT NOT NULL,
  bytes         INTEGER NOT NULL,
  title         TEXT NOT NULL,
  language      TEXT NOT NULL,
  class         TEXT NOT NULL,
  source        TEXT,
  valid_from    TEXT,
  valid_until   TEXT,
  campaign      TEXT,
  external_id   TEXT,
  reason        TEXT,                     -- JSON {code, en, vi}: why it was rejected
  duration      INTEGER,                  -- nanoseconds of prepared PCM
  prepared      TEXT,                     -- root hash of the prepared PCM
  sound         TEXT,                     -- JSON: codec, rate, channels, peak, warnings
  uploaded_by   TEXT NOT NULL REFERENCES identities (id),
  uploaded_at   INTEGER NOT NULL,
  approved_by   TEXT REFERENCES identities (id),
  approved_at   INTEGER,
  approval_note TEXT,
  music         INTEGER NOT NULL DEFAULT 0,
  waveform      BLOB,                     -- peaks of the prepared PCM, 0 to 255 of full scale, evenly spaced
  recipe        TEXT,                     -- what the prepared PCM was made with beside the original
  needed_at     INTEGER,                  -- when the prepared PCM was last planned, played, sent or listened to
  trim_start    INTEGER,                  -- milliseconds of the original: the part that is aired; NULL for all of it
  trim_end      INTEGER,
  original_length   INTEGER,              -- nanoseconds of the original
  original_waveform BLOB,                 -- peaks of the original, as waveform
  spoken        TEXT                      -- JSON {text, read_as, program, voice, speed}: what a voice read
) STRICT;
CREATE INDEX segments_by_sha ON segments (sha256);
CREATE INDEX segments_by_state ON segments (state);

-- Everyone who ever pushed or edited this segment: none of them may approve it.
CREATE TABLE uploaders (
  segment  TEXT NOT NULL REFERENCES segments (id),
  identity TEXT NOT NULL REFERENCES identities (id),
  PRIMARY KEY (segment, identity)
) STRICT, WITHOUT ROWID;

-- approvals
-- Who said that this may sound, and of what exactly: the digest binds the sound and what people see (docs/approvals.md).
CREATE TABLE approvals (
  number   INTEGER PRIMARY KEY,
  segment  TEXT NOT NULL REFERENCES segments (id),
  identity TEXT NOT NULL REFERENCES identities (id),
  digest   TEXT NOT NULL,
  note     TEXT,
  at       INTEGER NOT NULL,
  UNIQUE (segment, identity)
) STRICT;

-- What people plan with.
CREATE TABLE documents (
  kind       TEXT NOT NULL CHECK (kind IN ('window', 'programme', 'zone', 'campaign', 'holiday', 'unit')),
  id         TEXT NOT NULL,
  version    INTEGER NOT NULL,
  body       TEXT NOT NULL,               -- JSON of the loaxa-schedules type
  changed_by TEXT NOT NULL,
  changed_at INTEGER NOT NULL,
  times_since INTEGER,                    -- when what says its times was last changed; null: before version 9
  PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;

-- The airing log: append-only, each row chained to the one before (see docs/airing-log.md).
CREATE TABLE airing_log (
  row  INTEGER PRIMARY KEY,
  at   TEXT NOT NULL,                     -- RFC 3339, UTC: when it was written, by the board's wall clock
  kind TEXT NOT NULL,
  body TEXT NOT NULL,                     -- canonical JSON
  prev TEXT NOT NULL,
  hash TEXT NOT NULL
) STRICT;
CREATE TRIGGER airing_log_is_append_only_u BEFORE UPDATE ON airing_log
  BEGIN SELECT RAISE (ABORT, 'the airing log is append-only'); END;
CREATE TRIGGER airing_log_is_append_only_d BEFORE DELETE ON airing_log
  WHEN OLD.row > COALESCE((SELECT MAX(row) FROM boundaries), 0)
  BEGIN SELECT RAISE (ABORT, 'the airing log is append-only'); END;

-- What the rule of retention removed: everything up to row, and the airings up to seq. It stands here, with the row of the log
-- that tells of it, before anything is deleted; from then on nobody is shown what is left of it.
CREATE TABLE boundaries (
  row  INTEGER PRIMARY KEY,               -- the last row that is gone
  hash TEXT NOT NULL,
  seq  INTEGER NOT NULL,                  -- the last airing that is gone
  told INTEGER NOT NULL,                  -- the row that tells of it
  until INTEGER NOT NULL,                 -- when the last row that is gone was written
  at   INTEGER NOT NULL,                  -- when it was decided
  note TEXT NOT NULL                      -- C2SP signed note: the station's word, with which an export begins
) STRICT;
CREATE TRIGGER boundaries_stay BEFORE DELETE ON boundaries
  BEGIN SELECT RAISE (ABORT, 'a boundary of the airing log stays'); END;

-- Signed heads of the log: those that the station kept by itself, and those that a collector countersigned.
CREATE TABLE heads (
  row     INTEGER PRIMARY KEY,            -- the last row that it vouches for
  note    TEXT NOT NULL,                  -- C2SP signed note, with every signature
  kept_at INTEGER NOT NULL
) STRICT;
CREATE TRIGGER heads_stay BEFORE DELETE ON heads
  BEGIN SELECT RAISE (ABORT, 'a signed head stays'); END;

-- What the log says of each slot, gathered in one row. seq is given when the slot is closed: 1, 2, 3 … without a gap.
CREATE TABLE airings (
  slot          TEXT PRIMARY KEY,
  seq           INTEGER UNIQUE,
  entry         TEXT NOT NULL,            -- JSON of loaxa_schedules::Entry as it was due
  origin        TEXT NOT NULL CHECK (origin IN ('programme', 'campaign', 'emergency')),
  programme     TEXT,                     -- only of a programme
  campaign      TEXT,                     -- the campaign's id; of what is none, the word that its uploader gave
  segment       TEXT NOT NULL,
  sha256        TEXT,
  title         TEXT,
  approved_by   TEXT,
  external_id   TEXT,
  planned_start INTEGER NOT NULL,
  planned       INTEGER,                  -- nanoseconds
  offset_in     INTEGER NOT NULL,         -- nanoseconds of the recording before its beginning
  started       INTEGER,
  ended         INTEGER,
  played        INTEGER,                  -- nanoseconds, counted at the output
  outcome       TEXT,
  reason        TEXT,                     -- JSON {code, en, vi}
  confirmed     INTEGER,
  clock         TEXT NOT NULL,
  due_row       INTEGER NOT NULL,
  ended_row     INTEGER,
  evidence      TEXT                      -- JSON: what the output can say of it
) STRICT;
CREATE INDEX airings_by_start ON airings (planned_start);
CREATE INDEX airings_of_campaigns ON airings (campaign) WHERE origin = 'campaign';
CREATE INDEX airings_open ON airings (slot) WHERE seq IS NULL;
CREATE INDEX airings_by_row ON airings (ended_row, seq);

-- How far the sound had come, noted every second or less, so that a power cut leaves "partial, N s".
CREATE TABLE progress (
  slot   TEXT PRIMARY KEY,
  played INTEGER NOT NULL,
  at     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Emergencies that somebody sent, by the id that they chose: the same id is heard once. What became of each is in airings,
-- under the slots {id}/1 … {id}/{repeat}.
CREATE TABLE emergencies (
  number       INTEGER PRIMARY KEY,       -- in the order in which they came
  id           TEXT NOT NULL UNIQUE,
  segment      TEXT NOT NULL REFERENCES segments (id),
  title        TEXT NOT NULL,             -- of the segment, when it was sent
  sha256       TEXT NOT NULL,
  zones        TEXT NOT NULL,             -- JSON array of ids as asked for, sorted; empty means all
  expires_at   INTEGER NOT NULL,
  repeat       INTEGER NOT NULL,
  test         INTEGER NOT NULL,
  sent_by      TEXT NOT NULL REFERENCES identities (id),
  sent_at      INTEGER NOT NULL,
  withdrawn_by TEXT REFERENCES identities (id),
  withdrawn_at INTEGER,
  -- approvals
  digest       TEXT,                      -- what was sent: as of an approval; null of what older versions kept
  unapproved   INTEGER NOT NULL DEFAULT 0, -- it sounds only once a second person confirmed it
  confirmed_by TEXT REFERENCES identities (id),
  confirmed_at INTEGER
) STRICT;

-- Answers to POST requests that carried an Idempotency-Key.
CREATE TABLE idempotency (
  identity TEXT NOT NULL,
  key      TEXT NOT NULL,
  request  TEXT NOT NULL,                 -- method and path
  status   INTEGER NOT NULL,
  headers  TEXT NOT NULL,                 -- JSON
  body     BLOB NOT NULL,
  at       INTEGER NOT NULL,
  PRIMARY KEY (identity, key)
) STRICT, WITHOUT ROWID;

-- second factor
-- What a person's authenticator shares with the station (RFC 6238). It is kept as it is, for codes are made from it: nobody
-- but the daemon's user reads this file.
CREATE TABLE second_factors (
  identity     TEXT PRIMARY KEY REFERENCES identities (id),
  secret       BLOB NOT NULL,
  made_at      INTEGER NOT NULL,
  confirmed_at INTEGER, -- NULL: no code was shown yet, and none is asked for
  used         INTEGER  -- the newest time step whose code was taken: it and all before it are over
) STRICT, WITHOUT ROWID;
-- end of second factor

-- orders
-- Keys of those above the station who may sign orders; a key that was revoked or replaced stays for the log.
CREATE TABLE publishers (
  id          TEXT PRIMARY KEY,
  name        TEXT NOT NULL,              -- whose key it is; several keys may be of one publisher
  tier        TEXT,                       -- of the administration, in the words in force
  holder      TEXT,                       -- the person whose name its orders must have
  key         TEXT NOT NULL,              -- C2SP verifier key
  public      TEXT NOT NULL UNIQUE,       -- the public key itself, hexadecimal
  classes     TEXT NOT NULL,              -- JSON array of the classes that it may order
  valid_from  INTEGER,
  valid_until INTEGER,
  counter     INTEGER NOT NULL,           -- the highest of its orders that was taken
  created_by  TEXT NOT NULL,
  created_at  INTEGER NOT NULL,
  replaced_by TEXT REFERENCES publishers (id),
  replaced_at INTEGER,
  revoked_by  TEXT,
  revoked_at  INTEGER,
  version     INTEGER NOT NULL
) STRICT;

-- Orders that were taken, as they were signed.
CREATE TABLE orders (
  number      INTEGER PRIMARY KEY,        -- in the order in which they came
  id          TEXT NOT NULL UNIQUE,
  publisher   TEXT NOT NULL REFERENCES publishers (id),
  cosigner    TEXT REFERENCES publishers (id), -- whose key signed as the approver's
  counter     INTEGER NOT NULL,
  note        TEXT NOT NULL,              -- the exact bytes, signatures and all
  sha256      TEXT,                       -- with the next five: what it lets sound; none of a key's replacement
  title       TEXT,
  language    TEXT,
  class       TEXT,
  valid_from  TEXT,
  valid_until TEXT,
  within      TEXT NOT NULL,              -- JSON: in what it may sound
  not_before  INTEGER NOT NULL,
  expires     INTEGER NOT NULL,
  author      TEXT NOT NULL,
  approver    TEXT NOT NULL,
  taken_by    TEXT NOT NULL,
  taken_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX orders_by_sha ON orders (sha256);
-- end of orders
