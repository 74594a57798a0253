//! What is due to be looked at, and what was seen when it was.

use super::list::list_of;
use super::session::Param::{Int, MaybeText, Text};
use super::watch::{RegistryRow, RuntimeRow};
use super::{Session, StoreError};
use evidence::{Evidence, Name};

/// What the watcher of a registry remembers of a tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchedTag {
    /// The tag.
    pub tag: String,
    /// What it named; none if it was seen to be gone.
    pub digest: Option<String>,
    /// Since when the registry says that there is no such tag, in microseconds.
    pub missing_since: Option<i64>,
    /// When it was last looked at, in microseconds.
    pub checked_at: i64,
}

/// The end of a look at something that is watched.
pub struct Looked<'a> {
    /// What was looked at.
    pub id: &'a str,
    /// Until when it was this worker's.
    pub claimed_until: i64,
    /// When to look next, unless somebody asked for an earlier look meanwhile.
    pub next_at: i64,
    /// How often looking failed since it last worked.
    pub failures: i64,
    /// Why it failed.
    pub error: Option<&'a str>,
}

macro_rules! claim {
    ($table:literal, $columns:literal, $skip:literal) => {
        concat!(
            "UPDATE ",
            $table,
            " SET next_at = $2 WHERE id IN (SELECT id FROM ",
            $table,
            " WHERE next_at <= $1 ORDER BY next_at, id LIMIT $3",
            $skip,
            ") RETURNING ",
            $columns
        )
    };
}

macro_rules! looked {
    ($table:literal) => {
        concat!(
            "UPDATE ",
            $table,
            " SET next_at = CASE WHEN next_at = $2 OR next_at > $3 THEN $3 ELSE next_at END, \
             failures = $4, last_error = $5 WHERE id = $1"
        )
    };
}

const REGISTRIES: [&str; 2] = [
    claim!(
        "watch_registry",
        "id, project, repository, username, secret_file, next_at, failures, last_error",
        ""
    ),
    claim!(
        "watch_registry",
        "id, project, repository, username, secret_file, next_at, failures, last_error",
        " FOR UPDATE SKIP LOCKED"
    ),
];

const RUNTIMES: [&str; 2] = [
    claim!("watch_runtime", "id, project, service, environment, url, next_at, failures, last_error", ""),
    claim!(
        "watch_runtime",
        "id, project, service, environment, url, next_at, failures, last_error",
        " FOR UPDATE SKIP LOCKED"
    ),
];

impl Session {
    /// Whether any registry, or any service, is due.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn is_look_due(&mut self, registries: bool, now: i64) -> Result<bool, StoreError> {
        let sql = match registries {
            true => "SELECT MIN(next_at) FROM watch_registry",
            false => "SELECT MIN(next_at) FROM watch_runtime",
        };
        let rows = self.rows(sql, &[]).await?;
        let first = rows.first().map_or(Ok(None), |row| row.maybe_int(0))?;
        Ok(first.is_some_and(|first| first <= now))
    }

    /// Registries that are due, which are this worker's until then: should it die, they are due again.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn claim_registries(
        &mut self,
        now: i64,
        until: i64,
        limit: i64,
    ) -> Result<Vec<RegistryRow>, StoreError> {
        let sql = REGISTRIES[usize::from(matches!(self, Self::Postgres(_)))];
        let rows = self.rows(sql, &[Int(now), Int(until), Int(limit)]).await?;
        rows.iter().map(RegistryRow::read).collect()
    }

    /// Services that are due, which are this worker's until then.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn claim_runtimes(
        &mut self,
        now: i64,
        until: i64,
        limit: i64,
    ) -> Result<Vec<RuntimeRow>, StoreError> {
        let sql = RUNTIMES[usize::from(matches!(self, Self::Postgres(_)))];
        let rows = self.rows(sql, &[Int(now), Int(until), Int(limit)]).await?;
        rows.iter().map(RuntimeRow::read).collect()
    }

    /// Ends a look at a registry.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn looked_at_registry(&mut self, looked: &Looked<'_>) -> Result<(), StoreError> {
        self.execute(looked!("watch_registry"), &looked.params()).await?;
        Ok(())
    }

    /// Ends a look at a service.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn looked_at_runtime(&mut self, looked: &Looked<'_>) -> Result<(), StoreError> {
        self.execute(looked!("watch_runtime"), &looked.params()).await?;
        Ok(())
    }

    /// What is remembered of the tags of a repository.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn watched_tags(
        &mut self,
        project: &str,
        repository: &str,
    ) -> Result<Vec<WatchedTag>, StoreError> {
        let sql = "SELECT tag, digest, missing_since, checked_at FROM watch_tag \
                   WHERE project = $1 AND repository = $2 ORDER BY checked_at, tag";
        let rows = self.rows(sql, &[Text(project), Text(repository)]).await?;
        rows.iter()
            .map(|row| {
                Ok(WatchedTag {
                    tag: row.text(0)?,
                    digest: row.maybe_text(1)?,
                    missing_since: row.maybe_int(2)?,
                    checked_at: row.int(3)?,
                })
            })
            .collect()
    }

    /// Remembers tags of a repository.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn put_watched_tags(
        &mut self,
        project: &str,
        repository: &str,
        tags: &[WatchedTag],
    ) -> Result<(), StoreError> {
        let sql = self.with_list(
            "INSERT INTO watch_tag (project, repository, tag, digest, missing_since, checked_at) \
             SELECT $2, $3, list.value ->> 0, list.value ->> 1, CAST(list.value ->> 2 AS BIGINT), \
             CAST(list.value ->> 3 AS BIGINT) FROM {list} WHERE 1 = 1 \
             ON CONFLICT (project, repository, tag) DO UPDATE SET digest = excluded.digest, \
             missing_since = excluded.missing_since, checked_at = excluded.checked_at",
        );
        let rows = tags.iter().map(|tag| (&tag.tag, &tag.digest, tag.missing_since, tag.checked_at));
        self.execute(sql, &[Text(&list_of(rows)), Text(project), Text(repository)]).await?;
        Ok(())
    }

    /// Notes that these tags were looked at and name what they named, each with its digest. What somebody else has
    /// seen to be otherwise meanwhile stays as it is.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn touch_watched_tags(
        &mut self,
        project: &str,
        repository: &str,
        tags: &[(&str, &str)],
        at: i64,
    ) -> Result<(), StoreError> {
        let sql = self.with_list(
            "UPDATE watch_tag SET checked_at = $4 FROM {list} WHERE project = $2 AND repository = $3 \
             AND tag = list.value ->> 0 AND digest = list.value ->> 1 AND missing_since IS NULL AND checked_at < $4",
        );
        self.execute(sql, &[Text(&list_of(tags)), Text(project), Text(repository), Int(at)]).await?;
        Ok(())
    }

    /// The last documents of that kind about that subject, the newest first.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn last_evidence(
        &mut self,
        project: &str,
        subject: &str,
        kind: &str,
        limit: i64,
    ) -> Result<Vec<Evidence>, StoreError> {
        let sql = "SELECT body FROM evidence WHERE project = $1 AND subject = $2 AND kind = $3 \
                   ORDER BY seq DESC LIMIT $4";
        let rows = self.rows(sql, &[Text(project), Text(subject), Text(kind), Int(limit)]).await?;
        rows.iter().map(|row| serde_json::from_str(&row.text(0)?).map_err(StoreError::corrupt)).collect()
    }

    /// When the last deployment to a cell ended, among the newest of them.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn last_end(
        &mut self,
        project: &Name,
        environment: &Name,
        service: &Name,
    ) -> Result<Option<i64>, StoreError> {
        let sql = "SELECT MAX(o.at) FROM (SELECT project, id FROM deployment \
                   WHERE project = $1 AND environment = $2 AND service = $3 \
                   ORDER BY started_at DESC, id DESC LIMIT 20) AS d \
                   JOIN deployment_outcome AS o ON o.project = d.project AND o.id = d.id \
                   WHERE o.outcome IS NOT NULL";
        let params = [Text(project.as_str()), Text(environment.as_str()), Text(service.as_str())];
        let rows = self.rows(sql, &params).await?;
        rows.first().map_or(Ok(None), |row| row.maybe_int(0))
    }
}

impl Looked<'_> {
    fn params(&self) -> [super::session::Param<'_>; 5] {
        [Text(self.id), Int(self.claimed_until), Int(self.next_at), Int(self.failures), MaybeText(self.error)]
    }
}
