-- One row once somebody has claimed this server by the set-up link.
CREATE TABLE claim (
    only          INTEGER PRIMARY KEY CHECK (only = 1),
    claimed_at_ms INTEGER NOT NULL
) STRICT;

-- Sessions that were ended, until their tokens have expired anyway.
CREATE TABLE ended_sessions (
    session  BLOB    PRIMARY KEY NOT NULL,
    until_ms INTEGER NOT NULL
) STRICT;

CREATE INDEX ended_sessions_by_end ON ended_sessions (until_ms);
