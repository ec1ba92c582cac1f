-- From version 7 to 8: a part of a recording may be aired; the whole of it stays to be looked at.

ALTER TABLE segments ADD COLUMN trim_start INTEGER;
ALTER TABLE segments ADD COLUMN trim_end INTEGER;
ALTER TABLE segments ADD COLUMN original_length INTEGER;
ALTER TABLE segments ADD COLUMN original_waveform BLOB;
