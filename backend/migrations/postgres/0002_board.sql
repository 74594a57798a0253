-- What the worker makes of the evidence. Nothing here is a source: every row can be made again.
-- Each row remembers the evidence that it came from, as (occurred_at, seq): a later one replaces it,
-- an earlier one that arrives late does not.

CREATE TABLE projection (
    id      BIGINT PRIMARY KEY CHECK (id = 1),
    -- The seq of the last evidence that was projected.
    cursor  BIGINT NOT NULL,
    -- Grows with each change; the board's ETag.
    version BIGINT NOT NULL
);

INSERT INTO projection (id, cursor, version) VALUES (1, 0, 0);

CREATE TABLE worker_heartbeat (
    worker TEXT PRIMARY KEY,
    at     BIGINT NOT NULL
);

CREATE TABLE commit_known (
    project      TEXT NOT NULL,
    commit_sha   TEXT NOT NULL,
    subject      TEXT NOT NULL,
    author       TEXT NOT NULL,
    first_parent TEXT,
    occurred_at  BIGINT NOT NULL,
    seq          BIGINT NOT NULL,
    PRIMARY KEY (project, commit_sha)
);

CREATE INDEX commit_known_newest ON commit_known (occurred_at);

CREATE TABLE ci_verdict (
    project     TEXT NOT NULL,
    commit_sha  TEXT NOT NULL,
    outcome     TEXT NOT NULL,
    occurred_at BIGINT NOT NULL,
    seq         BIGINT NOT NULL,
    PRIMARY KEY (project, commit_sha)
);

CREATE TABLE image (
    project     TEXT NOT NULL,
    commit_sha  TEXT NOT NULL,
    digest      TEXT NOT NULL,
    size_bytes  BIGINT NOT NULL,
    -- A JSON list.
    platforms   TEXT NOT NULL,
    occurred_at BIGINT NOT NULL,
    seq         BIGINT NOT NULL,
    PRIMARY KEY (project, commit_sha)
);

CREATE TABLE smoke (
    project     TEXT NOT NULL,
    commit_sha  TEXT NOT NULL,
    outcome     TEXT NOT NULL,
    occurred_at BIGINT NOT NULL,
    seq         BIGINT NOT NULL,
    PRIMARY KEY (project, commit_sha)
);

-- What each tag names now.
CREATE TABLE publication (
    project     TEXT NOT NULL,
    repository  TEXT NOT NULL,
    tag         TEXT NOT NULL,
    commit_sha  TEXT NOT NULL,
    digest      TEXT NOT NULL,
    occurred_at BIGINT NOT NULL,
    seq         BIGINT NOT NULL,
    PRIMARY KEY (project, repository, tag)
);

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
    occurred_at BIGINT NOT NULL,
    seq         BIGINT NOT NULL,
    PRIMARY KEY (project, service, environment, slot)
);
