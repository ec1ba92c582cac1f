-- From version 4 to 5: signed heads of the airing log are kept, with the countersignatures of those who collect them; identities
-- have a version, who made them and their last use; sessions can be listed and ended; browsers in which somebody logged in well
-- are known again.

CREATE TABLE heads (
  row     INTEGER PRIMARY KEY,
  note    TEXT NOT NULL,
  kept_at INTEGER NOT NULL
) STRICT;

ALTER TABLE identities ADD COLUMN version     INTEGER NOT NULL DEFAULT 1;
ALTER TABLE identities ADD COLUMN created_by  TEXT;
ALTER TABLE identities ADD COLUMN seen_at     INTEGER;

ALTER TABLE sessions ADD COLUMN id         TEXT;
ALTER TABLE sessions ADD COLUMN address    TEXT;
ALTER TABLE sessions ADD COLUMN browser    TEXT;
UPDATE sessions SET id = lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2)
  || '-8' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)));
CREATE UNIQUE INDEX sessions_by_id ON sessions (id);

CREATE TABLE browsers (
  hash     TEXT NOT NULL,
  identity TEXT NOT NULL REFERENCES identities (id),
  seen_at  INTEGER NOT NULL,
  PRIMARY KEY (hash, identity)
) STRICT, WITHOUT ROWID;
