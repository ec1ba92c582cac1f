-- From version 5 to 6: approvals are of exactly what was approved; people may have a second factor; keys of
-- publishers, and the orders that they signed.

-- approvals: each is kept with the digest of what was approved, emergencies take two; whose a token is is known; an emergency may
-- wait for the confirmation of a second person. What was approved before is carried over by src/store/approval/carried.rs.

ALTER TABLE identities ADD COLUMN person      TEXT;
UPDATE identities SET person = (
  WITH RECURSIVE made (id, kind, maker) AS (
    SELECT own.id, own.kind, own.created_by FROM identities own WHERE own.id = identities.id
    UNION
    SELECT up.id, up.kind, up.created_by FROM made JOIN identities up ON up.id = made.maker WHERE made.kind = 'token'
  )
  SELECT made.id FROM made WHERE made.id <> identities.id
    AND (made.kind = 'person' OR made.maker IS NULL OR made.maker NOT IN (SELECT id FROM identities))
) WHERE kind = 'token' AND created_by IN (SELECT id FROM identities);

CREATE TABLE approvals (
  number   INTEGER PRIMARY KEY,
  segment  TEXT NOT NULL REFERENCES segments (id),
  identity TEXT NOT NULL REFERENCES identities (id),
  digest   TEXT NOT NULL,
  note     TEXT,
  at       INTEGER NOT NULL,
  UNIQUE (segment, identity)
) STRICT;

ALTER TABLE emergencies ADD COLUMN digest       TEXT;
ALTER TABLE emergencies ADD COLUMN unapproved   INTEGER NOT NULL DEFAULT 0;
ALTER TABLE emergencies ADD COLUMN confirmed_by TEXT REFERENCES identities (id);
ALTER TABLE emergencies ADD COLUMN confirmed_at INTEGER;
-- end of approvals

-- second factor
CREATE TABLE second_factors (
  identity     TEXT PRIMARY KEY REFERENCES identities (id),
  secret       BLOB NOT NULL,
  made_at      INTEGER NOT NULL,
  confirmed_at INTEGER,
  used         INTEGER
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
