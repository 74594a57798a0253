-- The log takes more than tokens vouch for, and each row of a project names the hash of the chain before it.

-- SQLite cannot change a CHECK, so the table is made anew. Rows keep their seq.
CREATE TABLE evidence_new (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    project     TEXT NOT NULL,
    kind        TEXT NOT NULL,
    sha256      TEXT NOT NULL,
    subject     TEXT NOT NULL,
    -- The canonical JSON text that sha256 is the hash of, so that anyone can check it.
    body        TEXT NOT NULL,
    trust       TEXT NOT NULL CHECK (trust IN ('oidc', 'token', 'webhook', 'poll')),
    token_id    TEXT REFERENCES token (id),
    occurred_at INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    -- What it came by: a delivery's GUID, the claims of a workflow's token as JSON, or what was asked.
    source      TEXT,
    -- The chain's hash before this row. Null in rows of before the chain, which the next row's hash covers.
    prev_hash   TEXT,
    UNIQUE (project, sha256)
) STRICT;

INSERT INTO evidence_new (seq, project, kind, sha256, subject, body, trust, token_id, occurred_at, recorded_at)
SELECT seq, project, kind, sha256, subject, body, trust, token_id, occurred_at, recorded_at FROM evidence ORDER BY seq;

DROP TABLE evidence;

ALTER TABLE evidence_new RENAME TO evidence;

CREATE INDEX evidence_subject ON evidence (project, subject);

CREATE TRIGGER evidence_is_never_changed BEFORE UPDATE ON evidence
BEGIN
    SELECT RAISE(ABORT, 'evidence is append-only');
END;

CREATE TRIGGER evidence_is_never_deleted BEFORE DELETE ON evidence
BEGIN
    SELECT RAISE(ABORT, 'evidence is append-only');
END;

-- The end of each project's chain, so that appending need not read it from its beginning.
CREATE TABLE chain_head (
    project TEXT PRIMARY KEY,
    hash    TEXT NOT NULL
) STRICT;

-- The last seq that the heads account for. What an older version of the program appended lies behind it.
CREATE TABLE chain_tail (
    id  INTEGER PRIMARY KEY CHECK (id = 1),
    seq INTEGER NOT NULL
) STRICT;

INSERT INTO chain_tail (id, seq) VALUES (1, 0);

ALTER TABLE token ADD COLUMN trust TEXT NOT NULL DEFAULT 'token' CHECK (trust IN ('oidc', 'token'));
-- What the workflow's own token claimed, as JSON, of one that was exchanged.
ALTER TABLE token ADD COLUMN claims TEXT;
ALTER TABLE token ADD COLUMN note TEXT;
ALTER TABLE token ADD COLUMN revoked_at INTEGER;
ALTER TABLE token ADD COLUMN last_used_at INTEGER;

-- Webhooks as they came. Only state, attempts, next_attempt_at and error change, and a body goes when its time is over.
CREATE TABLE delivery (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    source          TEXT NOT NULL,
    guid            TEXT NOT NULL,
    event           TEXT NOT NULL,
    action          TEXT,
    repository_id   INTEGER,
    received_at     INTEGER NOT NULL,
    body_sha256     TEXT NOT NULL,
    state           TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'processed', 'ignored', 'failed')),
    attempts        INTEGER NOT NULL DEFAULT 0,
    next_attempt_at INTEGER NOT NULL,
    error           TEXT,
    -- Last, because it is long: what stands before it is read and changed without it.
    body            BLOB,
    UNIQUE (source, guid)
) STRICT;

CREATE INDEX delivery_work ON delivery (next_attempt_at, id) WHERE state = 'pending';
CREATE INDEX delivery_bodies ON delivery (received_at) WHERE body IS NOT NULL;
CREATE INDEX delivery_ignored ON delivery (repository_id) WHERE state = 'ignored';

-- Which project a repository of GitHub belongs to.
CREATE TABLE github_repository (
    repository_id INTEGER PRIMARY KEY,
    owner_id      INTEGER NOT NULL,
    project       TEXT NOT NULL,
    full_name     TEXT NOT NULL,
    -- The workflow whose runs are CI's verdict.
    ci_workflow   TEXT NOT NULL DEFAULT '.github/workflows/ci.yml',
    added_at      INTEGER NOT NULL
) STRICT;

-- Which workflows may exchange their own token for one of ours.
CREATE TABLE oidc_trust (
    id            TEXT PRIMARY KEY,
    project       TEXT NOT NULL,
    repository_id INTEGER NOT NULL,
    owner_id      INTEGER NOT NULL,
    workflow_ref  TEXT NOT NULL,
    environment   TEXT,
    scopes        TEXT NOT NULL,
    created_at    INTEGER NOT NULL
) STRICT;

CREATE INDEX oidc_trust_repository ON oidc_trust (repository_id);

-- Tokens of workflows that were exchanged: each once.
CREATE TABLE oidc_jti (
    jti        TEXT PRIMARY KEY,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX oidc_jti_expiry ON oidc_jti (expires_at);

-- Work that one of several processes does at a time.
CREATE TABLE poll_lease (
    name   TEXT PRIMARY KEY,
    holder TEXT NOT NULL,
    until  INTEGER NOT NULL,
    -- What the work remembers from one time to the next, as JSON.
    memory TEXT
) STRICT;

CREATE TABLE watch_registry (
    id          TEXT PRIMARY KEY,
    project     TEXT NOT NULL,
    repository  TEXT NOT NULL,
    username    TEXT,
    -- The file with the password; the password itself is never in the database.
    secret_file TEXT,
    next_at     INTEGER NOT NULL,
    failures    INTEGER NOT NULL DEFAULT 0,
    last_error  TEXT,
    UNIQUE (project, repository)
) STRICT;

-- What the watcher of registries saw last.
CREATE TABLE watch_tag (
    project       TEXT NOT NULL,
    repository    TEXT NOT NULL,
    tag           TEXT NOT NULL,
    digest        TEXT,
    missing_since INTEGER,
    checked_at    INTEGER NOT NULL,
    PRIMARY KEY (project, repository, tag)
) STRICT;

CREATE TABLE watch_runtime (
    id          TEXT PRIMARY KEY,
    project     TEXT NOT NULL,
    service     TEXT NOT NULL,
    environment TEXT NOT NULL,
    url         TEXT NOT NULL,
    next_at     INTEGER NOT NULL,
    failures    INTEGER NOT NULL DEFAULT 0,
    last_error  TEXT,
    UNIQUE (project, service, environment)
) STRICT;

-- What people did about incidents. Incidents themselves are made from the evidence.
CREATE TABLE incident_event (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    project     TEXT NOT NULL,
    incident_id TEXT NOT NULL,
    at          INTEGER NOT NULL,
    kind        TEXT NOT NULL CHECK (kind IN ('ack')),
    actor       TEXT NOT NULL,
    note        TEXT
) STRICT;

CREATE INDEX incident_event_incident ON incident_event (project, incident_id, id);

CREATE TABLE audit (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    at      INTEGER NOT NULL,
    project TEXT,
    actor   TEXT NOT NULL,
    action  TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail  TEXT
) STRICT;

-- What is still to be told to others.
CREATE TABLE outbox (
    id              TEXT PRIMARY KEY,
    event           TEXT NOT NULL,
    body            TEXT NOT NULL,
    created_at      INTEGER NOT NULL,
    state           TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'sent', 'failed')),
    attempts        INTEGER NOT NULL DEFAULT 0,
    next_attempt_at INTEGER NOT NULL,
    error           TEXT
) STRICT;

CREATE INDEX outbox_work ON outbox (next_attempt_at, id) WHERE state = 'pending';
