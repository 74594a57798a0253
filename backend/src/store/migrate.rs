//! Bringing a schema to head: the limits that it keeps to, and what it says when it comes to one.

use super::StoreError;
use super::schema::Step;
use sqlx::migrate::{Migrate, MigrateError, Migration};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Where sqlx notes what was applied.
pub(super) const TABLE: &str = "_sqlx_migrations";

/// How long all of it may take, if nobody says otherwise.
pub const TIME_LIMIT: Duration = Duration::from_secs(600);

/// How long a migration may wait for a table, if nobody says otherwise.
pub const LOCK_TIMEOUT: Duration = Duration::from_secs(5);

/// How long migrating may take, from when this was made.
#[derive(Clone, Copy, Debug)]
pub struct MigrateLimits {
    /// The end.
    pub deadline: Instant,
    /// How long it was to that, for people.
    pub time: Duration,
    /// How long a migration may wait for a table on Postgres. Whoever comes after it waits as well, so this is how
    /// long the version that is running may be held up.
    pub lock: Duration,
}

impl MigrateLimits {
    /// Starts the clock.
    pub fn new(time: Duration, lock: Duration) -> Self {
        Self { deadline: Instant::now() + time, time, lock }
    }

    /// The time that is left.
    pub(super) fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// What to say when the time is over.
    pub(super) fn over(&self, progress: &Progress, kept: Kept) -> StoreError {
        let seconds = self.time.as_secs();
        let done = progress.lock();
        let applied: Vec<String> = done.applied.iter().map(Step::to_string).collect();
        let applied = match kept {
            Kept::Applied => applied.join(", "),
            Kept::Nothing => String::new(),
        };
        let stays = if applied.is_empty() { String::new() } else { format!("; applied: {applied}") };
        let when = match &done.at {
            Some((step, true)) => format!("while migration {step} was at work{OUTSIDE}"),
            Some((step, false)) => format!("while migration {step} was at work; it was rolled back"),
            None if applied.is_empty() => {
                "while waiting for the database, or for another that writes there; nothing was changed"
                    .to_owned()
            }
            None => "between two migrations".to_owned(),
        };
        StoreError::Migration(format!(
            "the time limit of {seconds} s was over {when}{stays}; run `portbook migrate` again, with a longer \
             --time-limit if it needs one"
        ))
    }
}

/// What is said of a migration that runs in no transaction.
const OUTSIDE: &str =
    "; it runs outside a transaction, so look at what is left of it, such as an invalid index";

impl Default for MigrateLimits {
    fn default() -> Self {
        Self::new(TIME_LIMIT, LOCK_TIMEOUT)
    }
}

/// What is kept of the migrations before one that was not finished.
#[derive(Clone, Copy)]
pub(super) enum Kept {
    /// They are: each has a transaction of its own.
    Applied,
    /// Nothing: all are in one transaction.
    Nothing,
}

/// How far it has come; known also when it is given up.
#[derive(Default)]
pub(super) struct Progress(Mutex<Done>);

#[derive(Default)]
struct Done {
    applied: Vec<Step>,
    /// What is at work, and whether it is outside a transaction.
    at: Option<(Step, bool)>,
}

impl Progress {
    pub(super) fn begin(&self, migration: &Migration) {
        self.lock().at = Some((Step::new(migration.version, &migration.description), migration.no_tx));
    }

    pub(super) fn end(&self) {
        let mut done = self.lock();
        if let Some((step, _)) = done.at.take() {
            done.applied.push(step);
        }
    }

    /// The number of what is at work.
    pub(super) fn at(&self) -> Option<i64> {
        self.lock().at.as_ref().map(|(step, _)| step.version)
    }

    pub(super) fn into_applied(self) -> Vec<Step> {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner).applied
    }

    fn lock(&self) -> MutexGuard<'_, Done> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What failed, with the migration's name.
    pub(super) fn fault(&self, error: MigrateError, limits: &MigrateLimits) -> StoreError {
        let step = self.lock().at.as_ref().map(|(step, alone)| (step.to_string(), *alone));
        match (error, step) {
            (MigrateError::Execute(error), None) => StoreError::from(error),
            (
                MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _),
                Some((step, alone)),
            ) => {
                let left = if alone { OUTSIDE } else { " and was rolled back" };
                if error.as_database_error().and_then(|error| error.code()).as_deref() == Some("55P03") {
                    return StoreError::Migration(format!(
                        "migration {step} did not get a table's lock within {} ms, because the running version uses \
                         it{left}; run `portbook migrate` again, or let it wait longer: \
                         PORTBOOK_MIGRATE_LOCK_TIMEOUT_MS",
                        limits.lock.as_millis()
                    ));
                }
                StoreError::Migration(format!("migration {step} failed{left}: {error}"))
            }
            (MigrateError::VersionMismatch(version), _) => StoreError::Migration(format!(
                "migration {version} was applied with another text than this binary brings; \
                 restore the text it was released with, and add a new migration instead"
            )),
            (other, _) => StoreError::Migration(other.to_string()),
        }
    }
}

/// Which migrations are left to do. What was applied must be what this binary brings; what it does not bring is no
/// obstacle, because an older image's `migrate` runs during a rollback on a schema that is ahead of it.
pub(super) async fn pending<'a, C: Migrate>(
    connection: &mut C,
    migrations: &'a [Migration],
) -> Result<Vec<&'a Migration>, MigrateError> {
    if let Some(version) = connection.dirty_version(TABLE).await? {
        return Err(MigrateError::Dirty(version));
    }
    let applied = connection.list_applied_migrations(TABLE).await?;
    let mut pending = Vec::new();
    for migration in migrations {
        match applied.iter().find(|applied| applied.version == migration.version) {
            None => pending.push(migration),
            Some(applied) if applied.checksum == migration.checksum => {}
            Some(_) => return Err(MigrateError::VersionMismatch(migration.version)),
        }
    }
    Ok(pending)
}
