-- From version 3 to 4: a segment keeps its waveform, what its prepared sound was made with and when that was last needed;
-- an airing keeps its evidence.

ALTER TABLE segments ADD COLUMN waveform      BLOB;
ALTER TABLE segments ADD COLUMN recipe        TEXT;
ALTER TABLE segments ADD COLUMN needed_at     INTEGER;
ALTER TABLE airings ADD COLUMN evidence      TEXT;
