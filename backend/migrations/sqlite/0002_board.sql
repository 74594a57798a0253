-- What the worker makes of the evidence. Nothing here is a source: every row can be made again.
-- Each row remembers the evidence that it came from, as (occurred_at, seq): a later one replaces it,
-- an earlier one that arrives late does not.

CREATE TABLE projection (
    id      INTEGER PRIMARY KEY CHECK (id = 1),
    -- The seq of the last evidence that was projected.
    cursor  INTEGER NOT NULL,
    -- Grows with each change; the board's ETag.
    version INTEGER NOT NULL
) STRICT;

INSERT INTO projection (id, cursor, version) VALUES (1, 0, 0);

CREATE TABLE worker_heartbeat (
    worker TEXT PRIMARY KEY,
    at     INTEGER NOT NULL
) STRICT;

CREATE TABLE commit_known (
    project      TEXT NOT NULL,
    commit_sha   TEXT NOT NULL,
    subject      TEXT NOT NULL,
    author       TEXT NOT NULL,
    first_parent TEXT,
    occurred_at  INTEGER NOT NULL,
    seq          INTEGER NOT NULL,
    PRIMARY KEY (project, commit_sha)
) STRICT;

CREATE INDEX commit_known_newest ON commit_known (occurred_at);

CREATE TABLE ci_verdict (
    project     TEXT NOT NULL,
    commit_sha  TEXT NOT NULL,
    outcome     TEXT NOT NULL,
    occurred_at INTEGER NOT NULL,
    seq         INTEGER NOT NULL,
    PRIMARY KEY (project, commit_sha)
) STRICT;

CREATE TABLE image (
    project     TEXT NOT NULL,
    commit_sha  TEXT NOT NULL,
    digest      TEXT NOT NULL,
    size_bytes  INTEGER NOT NULL,
    -- A JSON list.
    platforms   TEXT NOT NULL,
    occurred_at INTEGER NOT NULL,
    seq         INTEGER NOT NULL,
    PRIMARY KEY (project, commit_sha)
) STRICT;

CREATE TABLE smoke (
    project     TEXT NOT NULL,
    commit_sha  TEXT NOT NULL,
    outcome     TEXT NOT NULL,
    occurred_at INTEGER NOT NULL,
    seq         INTEGER NOT NULL,
    PRIMARY KEY (project, commit_sha)
) STRICT;

-- What each tag names now.
CREATE TABLE publication (
    project     TEXT NOT NULL,
    repository  TEXT NOT NULL,
    tag         TEXT NOT NULL,
    commit_sha  TEXT NOT NULL,
    digest      TEXT NOT NULL,
    occurred_at INTEGER NOT NULL,
    seq         INTEGER NOT NULL,
    PRIMARY KEY (project, repository, tag)
) STRICT;

CREATE INDEX publication_newest ON publication (occurred_at);

-- Two rows for each service in each environment: what runs, and what was last attempted.
CREATE TABLE env_state (
    project     TEXT NOT NULL,
    service     TEXT NOT NULL,
    environment TEXT NOT NULL,
    slot        TEXT NOT NULL CHECK (slot IN ('running', 'attempt')),
    kind        TEXT NOT NULL CHECK (kind IN ('deploy', 'rollback')),
    outcome     TEXT NOT NULL,
    commit_sha  TEXT NOT NULL,
    digest      TEXT,
    version     TEXT NOT NULL,
    actor       TEXT NOT NULL,
    evidence    TEXT NOT NULL,
    occurred_at INTEGER NOT NULL,
    seq         INTEGER NOT NULL,
    PRIMARY KEY (project, service, environment, slot)
) STRICT;
