-- Instants are microseconds since 1970-01-01T00:00:00Z, so that they sort and compare in both databases alike.

CREATE TABLE token (
    id          TEXT PRIMARY KEY,
    secret_hash TEXT NOT NULL,
    project     TEXT NOT NULL,
    scopes      TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE evidence (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    project     TEXT NOT NULL,
    kind        TEXT NOT NULL,
    sha256      TEXT NOT NULL,
    subject     TEXT NOT NULL,
    -- The canonical JSON text that sha256 is the hash of, so that anyone can check it.
    body        TEXT NOT NULL,
    trust       TEXT NOT NULL CHECK (trust IN ('token')),
    token_id    TEXT NOT NULL REFERENCES token (id),
    occurred_at INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    UNIQUE (project, sha256)
) STRICT;

CREATE INDEX evidence_subject ON evidence (project, subject);

CREATE TRIGGER evidence_is_never_changed BEFORE UPDATE ON evidence
BEGIN
    SELECT RAISE(ABORT, 'evidence is append-only');
END;

CREATE TRIGGER evidence_is_never_deleted BEFORE DELETE ON evidence
BEGIN
    SELECT RAISE(ABORT, 'evidence is append-only');
END;
