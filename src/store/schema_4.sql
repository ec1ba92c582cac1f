-- The station's database, version 4. Times are nanoseconds since 1970-01-01T00:00:00Z unless a column says otherwise.
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
  revoked_at  INTEGER
) STRICT;
CREATE UNIQUE INDEX people_by_name ON identities (name) WHERE kind = 'person';

-- Browser sessions, found by the SHA-256 of the cookie.
CREATE TABLE sessions (
  hash       TEXT PRIMARY KEY,
  identity   TEXT NOT NULL REFERENCES identities (id),
  created_at INTEGER NOT NULL,
  seen_at    INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;

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
  needed_at     INTEGER                   -- when the prepared PCM was last planned, played, sent or listened to
) STRICT;
CREATE INDEX segments_by_sha ON segments (sha256);
CREATE INDEX segments_by_state ON segments (state);

-- Everyone who ever pushed this segment: none of them may approve it.
CREATE TABLE uploaders (
  segment  TEXT NOT NULL REFERENCES segments (id),
  identity TEXT NOT NULL REFERENCES identities (id),
  PRIMARY KEY (segment, identity)
) STRICT, WITHOUT ROWID;

-- What people plan with.
CREATE TABLE documents (
  kind       TEXT NOT NULL CHECK (kind IN ('window', 'programme', 'zone', 'campaign', 'holiday', 'unit')),
  id         TEXT NOT NULL,
  version    INTEGER NOT NULL,
  body       TEXT NOT NULL,               -- JSON of the loaxa-schedules type
  changed_by TEXT NOT NULL,
  changed_at INTEGER NOT NULL,
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
  BEGIN SELECT RAISE (ABORT, 'the airing log is append-only'); END;

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
  withdrawn_at INTEGER
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
