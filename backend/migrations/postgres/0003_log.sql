-- The log takes more than tokens vouch for, and each row of a project names the hash of the chain before it.

ALTER TABLE evidence DROP CONSTRAINT evidence_trust_check;
ALTER TABLE evidence ADD CONSTRAINT evidence_trust_check CHECK (trust IN ('oidc', 'token', 'webhook', 'poll'));
ALTER TABLE evidence ALTER COLUMN token_id DROP NOT NULL;
-- What it came by: a delivery's GUID, the claims of a workflow's token as JSON, or what was asked.
ALTER TABLE evidence ADD COLUMN source TEXT;
-- The chain's hash before this row. Null in rows of before the chain, which the next row's hash covers.
ALTER TABLE evidence ADD COLUMN prev_hash TEXT;

-- The end of each project's chain, so that appending need not read it from its beginning.
CREATE TABLE chain_head (
    project TEXT PRIMARY KEY,
    hash    TEXT NOT NULL
);

-- The last seq that the heads account for. What an older version of the program appended lies behind it.
CREATE TABLE chain_tail (
    id  BIGINT PRIMARY KEY CHECK (id = 1),
    seq BIGINT NOT NULL
);

INSERT INTO chain_tail (id, seq) VALUES (1, 0);

ALTER TABLE token ADD COLUMN trust TEXT NOT NULL DEFAULT 'token' CHECK (trust IN ('oidc', 'token'));
-- What the workflow's own token claimed, as JSON, of one that was exchanged.
ALTER TABLE token ADD COLUMN claims TEXT;
ALTER TABLE token ADD COLUMN note TEXT;
ALTER TABLE token ADD COLUMN revoked_at BIGINT;
ALTER TABLE token ADD COLUMN last_used_at BIGINT;

-- Webhooks as they came. Only state, attempts, next_attempt_at and error change, and a body goes when its time is over.
CREATE TABLE delivery (
    id              BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source          TEXT NOT NULL,
    guid            TEXT NOT NULL,
    event           TEXT NOT NULL,
    action          TEXT,
    repository_id   BIGINT,
    received_at     BIGINT NOT NULL,
    body_sha256     TEXT NOT NULL,
    state           TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'processed', 'ignored', 'failed')),
    attempts        BIGINT NOT NULL DEFAULT 0,
    next_attempt_at BIGINT NOT NULL,
    error           TEXT,
    -- Last, because it is long: what stands before it is read and changed without it.
    body            BYTEA,
    UNIQUE (source, guid)
);

CREATE INDEX delivery_work ON delivery (next_attempt_at, id) WHERE state = 'pending';
CREATE INDEX delivery_bodies ON delivery (received_at) WHERE body IS NOT NULL;
CREATE INDEX delivery_ignored ON delivery (repository_id) WHERE state = 'ignored';

-- Which project a repository of GitHub belongs to.
CREATE TABLE github_repository (
    repository_id BIGINT PRIMARY KEY,
    owner_id      BIGINT NOT NULL,
    project       TEXT NOT NULL,
    full_name     TEXT NOT NULL,
    -- The workflow whose runs are CI's verdict.
    ci_workflow   TEXT NOT NULL DEFAULT '.github/workflows/ci.yml',
    added_at      BIGINT NOT NULL
);

-- Which workflows may exchange their own token for one of ours.
CREATE TABLE oidc_trust (
    id            TEXT PRIMARY KEY,
    project       TEXT NOT NULL,
    repository_id BIGINT NOT NULL,
    owner_id      BIGINT NOT NULL,
    workflow_ref  TEXT NOT NULL,
    environment   TEXT,
    scopes        TEXT NOT NULL,
    created_at    BIGINT NOT NULL
);

CREATE INDEX oidc_trust_repository ON oidc_trust (repository_id);

-- Tokens of workflows that were exchanged: each once.
CREATE TABLE oidc_jti (
    jti        TEXT PRIMARY KEY,
    expires_at BIGINT NOT NULL
);

CREATE INDEX oidc_jti_expiry ON oidc_jti (expires_at);

-- Work that one of several processes does at a time.
CREATE TABLE poll_lease (
    name   TEXT PRIMARY KEY,
    holder TEXT NOT NULL,
    until  BIGINT NOT NULL,
    -- What the work remembers from one time to the next, as JSON.
    memory TEXT
);

CREATE TABLE watch_registry (
    id          TEXT PRIMARY KEY,
    project     TEXT NOT NULL,
    repository  TEXT NOT NULL,
    username    TEXT,
    -- The file with the password; the password itself is never in the database.
    secret_file TEXT,
    next_at     BIGINT NOT NULL,
    failures    BIGINT NOT NULL DEFAULT 0,
    last_error  TEXT,
    UNIQUE (project, repository)
);

-- What the watcher of registries saw last.
CREATE TABLE watch_tag (
    project       TEXT NOT NULL,
    repository    TEXT NOT NULL,
    tag           TEXT NOT NULL,
    digest        TEXT,
    missing_since BIGINT,
    checked_at    BIGINT NOT NULL,
    PRIMARY KEY (project, repository, tag)
);

CREATE TABLE watch_runtime (
    id          TEXT PRIMARY KEY,
    project     TEXT NOT NULL,
    service     TEXT NOT NULL,
    environment TEXT NOT NULL,
    url         TEXT NOT NULL,
    next_at     BIGINT NOT NULL,
    failures    BIGINT NOT NULL DEFAULT 0,
    last_error  TEXT,
    UNIQUE (project, service, environment)
);

-- What people did about incidents. Incidents themselves are made from the evidence.
CREATE TABLE incident_event (
    id          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project     TEXT NOT NULL,
    incident_id TEXT NOT NULL,
    at          BIGINT NOT NULL,
    kind        TEXT NOT NULL CHECK (kind IN ('ack')),
    actor       TEXT NOT NULL,
    note        TEXT
);

CREATE INDEX incident_event_incident ON incident_event (project, incident_id, id);

CREATE TABLE audit (
    id      BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at      BIGINT NOT NULL,
    project TEXT,
    actor   TEXT NOT NULL,
    action  TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail  TEXT
);

-- What is still to be told to others.
CREATE TABLE outbox (
    id              TEXT PRIMARY KEY,
    event           TEXT NOT NULL,
    body            TEXT NOT NULL,
    created_at      BIGINT NOT NULL,
    state           TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'sent', 'failed')),
    attempts        BIGINT NOT NULL DEFAULT 0,
    next_attempt_at BIGINT NOT NULL,
    error           TEXT
);

CREATE INDEX outbox_work ON outbox (next_attempt_at, id) WHERE state = 'pending';
