-- Folders that were ever scanned. Titles of a folder that is not configured now stay, unseen.
CREATE TABLE roots (
    id     INTEGER PRIMARY KEY,
    path   BLOB    NOT NULL UNIQUE,
    active INTEGER NOT NULL DEFAULT 1
) STRICT;

-- One row a file. Paths are bytes: a file name need not be text.
CREATE TABLE titles (
    id          BLOB    PRIMARY KEY NOT NULL,
    root_id     INTEGER NOT NULL REFERENCES roots (id),
    path        BLOB    NOT NULL UNIQUE,
    size        INTEGER NOT NULL,
    mtime_ms    INTEGER NOT NULL,
    edges       BLOB    NOT NULL, -- hash of both ends of the file
    title       TEXT    NOT NULL,
    sort_key    TEXT    NOT NULL, -- lower case, without a leading article
    search      TEXT    NOT NULL, -- lower case, title and file name
    duration_ms INTEGER NOT NULL,
    playable    INTEGER NOT NULL,
    reason      TEXT,             -- why it is not playable
    info        TEXT,             -- what the probe found, JSON
    missing     INTEGER NOT NULL DEFAULT 0,
    added_at_ms INTEGER NOT NULL
) STRICT;

CREATE INDEX titles_in_order ON titles (sort_key, id) WHERE missing = 0;
CREATE INDEX titles_of_root ON titles (root_id);

-- Written to by the readiness check, to know that the disk takes writes.
CREATE TABLE health (checked INTEGER NOT NULL) STRICT;
INSERT INTO health VALUES (0);
