-- From version 6 to 7: the airing log may forget what is older than the configuration says; what is gone is named first.

DROP TRIGGER airing_log_is_append_only_d;

CREATE TABLE boundaries (
  row  INTEGER PRIMARY KEY,
  hash TEXT NOT NULL,
  seq  INTEGER NOT NULL,
  told INTEGER NOT NULL,
  until INTEGER NOT NULL,
  at   INTEGER NOT NULL,
  note TEXT NOT NULL
) STRICT;
CREATE TRIGGER boundaries_stay BEFORE DELETE ON boundaries
  BEGIN SELECT RAISE (ABORT, 'a boundary of the airing log stays'); END;
CREATE TRIGGER heads_stay BEFORE DELETE ON heads
  BEGIN SELECT RAISE (ABORT, 'a signed head stays'); END;
CREATE TRIGGER airing_log_is_append_only_d BEFORE DELETE ON airing_log
  WHEN OLD.row > COALESCE((SELECT MAX(row) FROM boundaries), 0)
  BEGIN SELECT RAISE (ABORT, 'the airing log is append-only'); END;

CREATE INDEX airings_by_row ON airings (ended_row, seq);
