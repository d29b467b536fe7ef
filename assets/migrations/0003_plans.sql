-- Where the frames of a film are, found out once. Keyed by the content of its file; another version of the planner, or of
-- the libraries that read the file, asks anew.
CREATE TABLE plans (
    identity BLOB    PRIMARY KEY NOT NULL, -- size, modification time, hash of both ends
    version  TEXT    NOT NULL,
    body     BLOB    NOT NULL,
    made     INTEGER NOT NULL              -- grows with each plan, so that the oldest can go
) STRICT;

CREATE INDEX plans_by_age ON plans (made);
