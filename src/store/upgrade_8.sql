-- From version 7 to 8: a part of a recording may be aired, and the whole of it stays to be looked at; a segment may be a
-- written text that a voice read, and the text is kept with it.

ALTER TABLE segments ADD COLUMN trim_start INTEGER;
ALTER TABLE segments ADD COLUMN trim_end INTEGER;
ALTER TABLE segments ADD COLUMN original_length INTEGER;
ALTER TABLE segments ADD COLUMN original_waveform BLOB;
ALTER TABLE segments ADD COLUMN spoken TEXT;
