-- From version 8 to 9: since when a programme has the times that it has; what had passed by then was never due.

ALTER TABLE documents ADD COLUMN times_since INTEGER;
