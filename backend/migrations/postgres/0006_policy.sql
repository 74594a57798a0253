-- Which environments the rules ask more of, for a project that does not call them prod and staging.
CREATE TABLE project_policy (
    project    TEXT PRIMARY KEY,
    -- The environments that users rely on, separated by spaces.
    production TEXT NOT NULL,
    -- The one that a digest passes before production; null: that is not asked.
    staging    TEXT,
    changed_at BIGINT NOT NULL
);
