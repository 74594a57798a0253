-- The newest contract step of a service's database: images that do not know it cannot run there.
SET LOCAL lock_timeout = '5s';
ALTER TABLE runtime_fact ADD COLUMN schema_floor BIGINT;
