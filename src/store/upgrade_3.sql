-- From version 2 to 3: emergencies that were sent are kept, so that the same id is heard once and a power cut loses none.

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
