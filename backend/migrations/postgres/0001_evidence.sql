-- Instants are microseconds since 1970-01-01T00:00:00Z, so that they sort and compare in both databases alike.

CREATE TABLE token (
    id          TEXT PRIMARY KEY,
    secret_hash TEXT NOT NULL,
    project     TEXT NOT NULL,
    scopes      TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL
);

CREATE TABLE evidence (
    seq         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project     TEXT NOT NULL,
    kind        TEXT NOT NULL,
    sha256      TEXT NOT NULL,
    subject     TEXT NOT NULL,
    -- The canonical JSON text that sha256 is the hash of, so that anyone can check it.
    body        TEXT NOT NULL,
    trust       TEXT NOT NULL CHECK (trust IN ('token')),
    token_id    TEXT NOT NULL REFERENCES token (id),
    occurred_at BIGINT NOT NULL,
    recorded_at BIGINT NOT NULL,
    UNIQUE (project, sha256)
);

CREATE INDEX evidence_subject ON evidence (project, subject);

CREATE FUNCTION evidence_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'evidence is append-only';
END
$$;

CREATE TRIGGER evidence_is_never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON evidence
    FOR EACH STATEMENT EXECUTE FUNCTION evidence_is_append_only();
