-- More of what the worker makes of the evidence. Nothing here is a source: every row can be made again.
-- A row is replaced by evidence that comes later in an order that does not depend on arrival; `evidence` is the
-- SHA-256 of the document that a row came from.

-- A version of one database must never be taken for one of another: the epoch tells them apart.
ALTER TABLE projection ADD COLUMN epoch TEXT NOT NULL DEFAULT '';
-- Set where something changed that only projecting everything again can follow.
ALTER TABLE projection ADD COLUMN rebuild_wanted INTEGER NOT NULL DEFAULT 0;
UPDATE projection SET epoch = lower(hex(randomblob(8))),
    rebuild_wanted = CASE WHEN EXISTS (SELECT 1 FROM evidence) THEN 1 ELSE 0 END;

-- Evidence of kinds that this version of the program does not know.
CREATE TABLE projection_skipped (
    seq  INTEGER PRIMARY KEY,
    kind TEXT NOT NULL
) STRICT;

-- A commit's own evidence tells its parents, a push does not: 1 and 0.
ALTER TABLE commit_known ADD COLUMN rank INTEGER NOT NULL DEFAULT 1;

-- Commits that a force-push left behind.
CREATE TABLE commit_unreachable (
    project    TEXT NOT NULL,
    commit_sha TEXT NOT NULL,
    PRIMARY KEY (project, commit_sha)
) STRICT;

-- Every conclusion that CI came to about a commit.
CREATE TABLE ci_fact (
    project      TEXT NOT NULL,
    commit_sha   TEXT NOT NULL,
    -- The document's SHA-256, or run:<repository>:<run>:<attempt>.
    fact_key     TEXT NOT NULL,
    concluded_at INTEGER NOT NULL,
    outcome      TEXT NOT NULL,
    trust        TEXT NOT NULL,
    evidence     TEXT NOT NULL,
    PRIMARY KEY (project, commit_sha, fact_key)
) STRICT;

-- The last of them.
CREATE TABLE commit_ci (
    project      TEXT NOT NULL,
    commit_sha   TEXT NOT NULL,
    concluded_at INTEGER NOT NULL,
    -- Of two at one instant the one that is not green counts: 1 and 0.
    red          INTEGER NOT NULL,
    outcome      TEXT NOT NULL,
    evidence     TEXT NOT NULL,
    PRIMARY KEY (project, commit_sha)
) STRICT;

CREATE TABLE artefact (
    project      TEXT NOT NULL,
    digest       TEXT NOT NULL,
    commit_sha   TEXT NOT NULL,
    size_bytes   INTEGER NOT NULL,
    -- A JSON list.
    platforms    TEXT NOT NULL,
    schema_min   INTEGER,
    schema_max   INTEGER,
    milliseconds INTEGER,
    cache        TEXT,
    at           INTEGER NOT NULL,
    evidence     TEXT NOT NULL,
    PRIMARY KEY (project, digest)
) STRICT;

CREATE INDEX artefact_commit ON artefact (project, commit_sha);

CREATE TABLE smoke_fact (
    project    TEXT NOT NULL,
    evidence   TEXT NOT NULL,
    commit_sha TEXT NOT NULL,
    digest     TEXT,
    outcome    TEXT NOT NULL,
    engine     TEXT NOT NULL,
    at         INTEGER NOT NULL,
    PRIMARY KEY (project, evidence)
) STRICT;

CREATE INDEX smoke_fact_digest ON smoke_fact (project, digest);
CREATE INDEX smoke_fact_commit ON smoke_fact (project, commit_sha);
CREATE INDEX smoke_fact_time ON smoke_fact (project, at);

CREATE TABLE publication_fact (
    project    TEXT NOT NULL,
    evidence   TEXT NOT NULL,
    tag        TEXT NOT NULL,
    repository TEXT NOT NULL,
    digest     TEXT NOT NULL,
    commit_sha TEXT NOT NULL,
    at         INTEGER NOT NULL,
    PRIMARY KEY (project, evidence, tag)
) STRICT;

CREATE INDEX publication_fact_tag ON publication_fact (project, repository, tag, at);
CREATE INDEX publication_fact_commit ON publication_fact (project, commit_sha);
CREATE INDEX publication_fact_digest ON publication_fact (project, digest);

CREATE TABLE tag_observation (
    project    TEXT NOT NULL,
    evidence   TEXT NOT NULL,
    repository TEXT NOT NULL,
    tag        TEXT NOT NULL,
    -- Null: there is no such tag any more.
    digest     TEXT,
    at         INTEGER NOT NULL,
    PRIMARY KEY (project, evidence)
) STRICT;

CREATE INDEX tag_observation_tag ON tag_observation (project, repository, tag, at);

CREATE TABLE deployment (
    project     TEXT NOT NULL,
    id          TEXT NOT NULL,
    service     TEXT NOT NULL,
    environment TEXT NOT NULL,
    commit_sha  TEXT NOT NULL,
    digest      TEXT,
    reference   TEXT,
    mode        TEXT NOT NULL CHECK (mode IN ('deploy', 'promote', 'rollback', 'hotfix')),
    rollback_of TEXT,
    version     TEXT NOT NULL,
    actor       TEXT NOT NULL,
    started_at  INTEGER NOT NULL,
    -- 1 if it was announced, 0 if only its end was told.
    announced   INTEGER NOT NULL,
    -- 1 if it happened more than five minutes before or after it was recorded.
    flagged     INTEGER NOT NULL,
    evidence    TEXT NOT NULL,
    PRIMARY KEY (project, id)
) STRICT;

CREATE INDEX deployment_cell ON deployment (project, environment, service, started_at, id);
CREATE INDEX deployment_digest ON deployment (project, digest, environment, started_at, id);
CREATE INDEX deployment_commit ON deployment (project, commit_sha);

-- What a deployment has come to.
CREATE TABLE deployment_outcome (
    project      TEXT NOT NULL,
    id           TEXT NOT NULL,
    -- 0 it goes on, 1 nobody knows, 2 its reporter told the end.
    rank         INTEGER NOT NULL,
    sequence     INTEGER NOT NULL,
    at           INTEGER NOT NULL,
    seq          INTEGER NOT NULL,
    state        TEXT NOT NULL,
    -- Null while it goes on.
    outcome      TEXT,
    failure      TEXT,
    detail       TEXT,
    milliseconds INTEGER,
    evidence     TEXT NOT NULL,
    PRIMARY KEY (project, id)
) STRICT;

CREATE INDEX deployment_outcome_open ON deployment_outcome (at) WHERE outcome IS NULL;

-- When each digest was first deployed with success to an environment: what later deployments of it are judged by.
CREATE TABLE first_success (
    project     TEXT NOT NULL,
    digest      TEXT NOT NULL,
    environment TEXT NOT NULL,
    service     TEXT NOT NULL,
    -- The instant, negated: the earliest wins.
    earliness   INTEGER NOT NULL,
    id          TEXT NOT NULL,
    commit_sha  TEXT NOT NULL,
    mode        TEXT NOT NULL,
    evidence    TEXT NOT NULL,
    PRIMARY KEY (project, digest, environment, service)
) STRICT;

CREATE TABLE deployment_event (
    project  TEXT NOT NULL,
    id       TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    state    TEXT NOT NULL,
    failure  TEXT,
    detail   TEXT,
    at       INTEGER NOT NULL,
    evidence TEXT NOT NULL,
    PRIMARY KEY (project, id, sequence, evidence)
) STRICT;

CREATE TABLE ci_run (
    project       TEXT NOT NULL,
    repository_id INTEGER NOT NULL,
    run_id        INTEGER NOT NULL,
    attempt       INTEGER NOT NULL,
    -- 0 requested, 1 queued, 2 in progress, 3 completed: the last absorbs.
    phase         INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    workflow      TEXT NOT NULL,
    event         TEXT NOT NULL,
    branch        TEXT,
    commit_sha    TEXT NOT NULL,
    from_fork     INTEGER NOT NULL,
    conclusion    TEXT,
    started_at    INTEGER NOT NULL,
    evidence      TEXT NOT NULL,
    PRIMARY KEY (project, repository_id, run_id, attempt)
) STRICT;

CREATE INDEX ci_run_commit ON ci_run (project, commit_sha);
CREATE INDEX ci_run_time ON ci_run (project, updated_at);

CREATE TABLE ci_job (
    project       TEXT NOT NULL,
    repository_id INTEGER NOT NULL,
    job_id        INTEGER NOT NULL,
    run_id        INTEGER NOT NULL,
    attempt       INTEGER NOT NULL,
    phase         INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    name          TEXT NOT NULL,
    commit_sha    TEXT NOT NULL,
    conclusion    TEXT,
    started_at    INTEGER,
    completed_at  INTEGER,
    evidence      TEXT NOT NULL,
    PRIMARY KEY (project, repository_id, job_id)
) STRICT;

CREATE INDEX ci_job_run ON ci_job (project, repository_id, run_id, attempt);
CREATE INDEX ci_job_commit ON ci_job (project, commit_sha);

-- Every move of a branch or tag.
CREATE TABLE ref_move (
    project        TEXT NOT NULL,
    evidence       TEXT NOT NULL,
    repository_id  INTEGER NOT NULL,
    reference      TEXT NOT NULL,
    default_branch INTEGER NOT NULL,
    before_sha     TEXT,
    after_sha      TEXT,
    forced         INTEGER NOT NULL,
    -- A JSON list of the commits that came with it.
    commits        TEXT NOT NULL,
    at             INTEGER NOT NULL,
    PRIMARY KEY (project, evidence)
) STRICT;

CREATE INDEX ref_move_forced ON ref_move (project) WHERE forced = 1;
CREATE INDEX ref_move_reference ON ref_move (project, repository_id, reference, at);

CREATE TABLE pull_request (
    project       TEXT NOT NULL,
    repository_id INTEGER NOT NULL,
    number        INTEGER NOT NULL,
    at            INTEGER NOT NULL,
    -- 0 open, 1 closed, 2 merged.
    state         INTEGER NOT NULL,
    title         TEXT NOT NULL,
    author        TEXT NOT NULL,
    base          TEXT NOT NULL,
    head_sha      TEXT NOT NULL,
    merge_commit  TEXT,
    evidence      TEXT NOT NULL,
    PRIMARY KEY (project, repository_id, number)
) STRICT;

CREATE INDEX pull_request_merged ON pull_request (project, merge_commit);

CREATE TABLE github_deployment (
    project       TEXT NOT NULL,
    repository_id INTEGER NOT NULL,
    deployment_id INTEGER NOT NULL,
    at            INTEGER NOT NULL,
    status_id     INTEGER NOT NULL,
    environment   TEXT NOT NULL,
    commit_sha    TEXT NOT NULL,
    state         TEXT NOT NULL,
    actor         TEXT NOT NULL,
    evidence      TEXT NOT NULL,
    PRIMARY KEY (project, repository_id, deployment_id)
) STRICT;

CREATE TABLE repository_name (
    project        TEXT NOT NULL,
    repository_id  INTEGER NOT NULL,
    at             INTEGER NOT NULL,
    owner_id       INTEGER NOT NULL,
    full_name      TEXT NOT NULL,
    default_branch TEXT NOT NULL,
    evidence       TEXT NOT NULL,
    PRIMARY KEY (project, repository_id)
) STRICT;

CREATE TABLE runtime_fact (
    project        TEXT NOT NULL,
    evidence       TEXT NOT NULL,
    service        TEXT NOT NULL,
    environment    TEXT NOT NULL,
    reachable      INTEGER NOT NULL,
    digest         TEXT,
    commit_sha     TEXT,
    version        TEXT,
    schema_version INTEGER,
    at             INTEGER NOT NULL,
    PRIMARY KEY (project, evidence)
) STRICT;

CREATE INDEX runtime_fact_cell ON runtime_fact (project, environment, service, at);

-- Breaches of the rules. A row goes when facts that come late show that there was none.
CREATE TABLE incident (
    project     TEXT NOT NULL,
    id          TEXT NOT NULL,
    rule        TEXT NOT NULL,
    code        TEXT NOT NULL,
    dedupe_key  TEXT NOT NULL,
    -- What was judged: a commit, a tag, a deployment or a cell, with the rule. All of its incidents are made at once.
    scope       TEXT NOT NULL,
    subject     TEXT NOT NULL,
    environment TEXT,
    service     TEXT,
    digest      TEXT,
    commit_sha  TEXT,
    opened_at   INTEGER NOT NULL,
    resolved_at INTEGER,
    message     TEXT NOT NULL,
    -- A JSON list of SHA-256s.
    evidence    TEXT NOT NULL,
    PRIMARY KEY (project, id),
    UNIQUE (project, rule, dedupe_key)
) STRICT;

CREATE INDEX incident_scope ON incident (project, scope);
CREATE INDEX incident_newest ON incident (project, opened_at, id);

CREATE INDEX incident_open ON incident (project, environment, service) WHERE resolved_at IS NULL;

-- What the board and the lists of commits read, newest first.
CREATE INDEX commit_known_time ON commit_known (project, occurred_at, commit_sha);
CREATE INDEX commit_ci_time ON commit_ci (project, concluded_at);
CREATE INDEX image_time ON image (project, occurred_at);
CREATE INDEX smoke_time ON smoke (project, occurred_at);
CREATE INDEX publication_time ON publication (project, occurred_at);
CREATE INDEX publication_commit ON publication (project, commit_sha);
-- A deployment is found by its own identity, though the announcement's subject is a commit.
CREATE INDEX evidence_deployment ON evidence (project, (body -> 'claim' ->> 'id')) WHERE kind = 'deployment_started';
CREATE INDEX publication_fact_time ON publication_fact (project, at);
CREATE INDEX tag_observation_time ON tag_observation (project, at);
CREATE INDEX delivery_failed ON delivery (received_at) WHERE state = 'failed';

-- What measures are counted from.
CREATE INDEX deployment_time ON deployment (project, started_at, id);
CREATE INDEX artefact_time ON artefact (project, at);
CREATE INDEX pull_request_time ON pull_request (project, at) WHERE state = 2;
