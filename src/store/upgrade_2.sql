-- From version 1 to 2: campaigns, holidays and units are documents too; an airing says whose it was; a segment says
-- whether it is music. A CHECK cannot be altered, so the tables that have one are built anew.

ALTER TABLE segments ADD COLUMN music         INTEGER NOT NULL DEFAULT 0;

ALTER TABLE documents RENAME TO documents_1;
CREATE TABLE documents (
  kind       TEXT NOT NULL CHECK (kind IN ('window', 'programme', 'zone', 'campaign', 'holiday', 'unit')),
  id         TEXT NOT NULL,
  version    INTEGER NOT NULL,
  body       TEXT NOT NULL,               -- JSON of the loaxa-schedules type
  changed_by TEXT NOT NULL,
  changed_at INTEGER NOT NULL,
  PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;
INSERT INTO documents SELECT kind, id, version, body, changed_by, changed_at FROM documents_1;
DROP TABLE documents_1;

DROP INDEX airings_by_start;
DROP INDEX airings_open;
ALTER TABLE airings RENAME TO airings_1;
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
  ended_row     INTEGER
) STRICT;
INSERT INTO airings (slot, seq, entry, origin, programme, campaign, segment, sha256, title, approved_by, external_id,
    planned_start, planned, offset_in, started, ended, played, outcome, reason, confirmed, clock, due_row, ended_row)
  SELECT slot, seq, entry, 'programme', programme, campaign, segment, sha256, title, approved_by, external_id,
    planned_start, planned, 0, started, ended, played, outcome, reason, confirmed, clock, due_row, ended_row
  FROM airings_1;
DROP TABLE airings_1;
CREATE INDEX airings_by_start ON airings (planned_start);
CREATE INDEX airings_of_campaigns ON airings (campaign) WHERE origin = 'campaign';
CREATE INDEX airings_open ON airings (slot) WHERE seq IS NULL;
