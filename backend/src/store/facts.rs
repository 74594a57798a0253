//! The facts that the rules judge, read from the projections for many subjects at once.

use super::list::list_of;
use super::session::Param::{Int, Text};
use super::session::Row;
use super::{Session, StoreError};
use evidence::rules::{CiFact, DeploymentFact, PublicationFact, RuntimeFact, SmokeFact, TagFact, TagSource};
use evidence::{CommitSha, Digest, Name, Tag};
use std::collections::{BTreeMap, HashMap};

/// A project and something in it: a commit, a digest, a deployment's id.
pub type Key = (String, String);

/// A project and three texts: a tag in a repository, or a service in an environment.
pub type Key3 = (String, String, String);

const DEPLOYMENTS_BY_ID: &str = "SELECT d.project, d.id, d.id, d.service, d.environment, d.digest, d.commit_sha, \
     d.reference, d.mode, o.outcome, d.started_at, o.at, d.evidence FROM {list} JOIN deployment AS d \
     ON d.project = list.value ->> 0 AND d.id = list.value ->> 1 \
     LEFT JOIN deployment_outcome AS o ON o.project = d.project AND o.id = d.id";

const DEPLOYMENTS_BY_DIGEST: &str = "SELECT d.project, d.digest, d.id, d.service, d.environment, d.digest, \
     d.commit_sha, d.reference, d.mode, o.outcome, d.started_at, o.at, d.evidence FROM {list} JOIN deployment AS d \
     ON d.project = list.value ->> 0 AND d.digest = list.value ->> 1 \
     LEFT JOIN deployment_outcome AS o ON o.project = d.project AND o.id = d.id";

impl Session {
    /// CI's conclusions about commits.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn ci_facts(&mut self, commits: &[Key]) -> Result<HashMap<Key, Vec<CiFact>>, StoreError> {
        let sql = "SELECT c.project, c.commit_sha, c.outcome, c.concluded_at, c.evidence FROM {list} JOIN ci_fact AS c \
                   ON c.project = list.value ->> 0 AND c.commit_sha = list.value ->> 1";
        self.grouped(sql, commits, |row| {
            Ok(CiFact { outcome: row.word(2)?, concluded_at: row.int(3)?, evidence: row.text(4)? })
        })
        .await
    }

    /// Smoke tests of digests.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn smoke_facts(&mut self, digests: &[Key]) -> Result<HashMap<Key, Vec<SmokeFact>>, StoreError> {
        let sql = "SELECT s.project, s.digest, s.outcome, s.at, s.evidence FROM {list} JOIN smoke_fact AS s \
                   ON s.project = list.value ->> 0 AND s.digest = list.value ->> 1";
        self.grouped(sql, digests, |row| read_smoke(row, 2)).await
    }

    /// Publications of commits.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn publications_of_commits(
        &mut self,
        commits: &[Key],
    ) -> Result<HashMap<Key, Vec<PublicationFact>>, StoreError> {
        let sql = "SELECT p.project, p.commit_sha, p.evidence, p.tag, p.repository, p.digest, p.commit_sha, p.at \
                   FROM {list} JOIN publication_fact AS p \
                   ON p.project = list.value ->> 0 AND p.commit_sha = list.value ->> 1 \
                   ORDER BY p.project, p.commit_sha, p.evidence, p.tag";
        self.publications(sql, commits).await
    }

    /// Publications of digests.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn publications_of_digests(
        &mut self,
        digests: &[Key],
    ) -> Result<HashMap<Key, Vec<PublicationFact>>, StoreError> {
        let sql = "SELECT p.project, p.digest, p.evidence, p.tag, p.repository, p.digest, p.commit_sha, p.at \
                   FROM {list} JOIN publication_fact AS p \
                   ON p.project = list.value ->> 0 AND p.digest = list.value ->> 1 \
                   ORDER BY p.project, p.digest, p.evidence, p.tag";
        self.publications(sql, digests).await
    }

    async fn publications(
        &mut self,
        sql: &'static str,
        keys: &[Key],
    ) -> Result<HashMap<Key, Vec<PublicationFact>>, StoreError> {
        let sql = self.with_list(sql);
        let rows = self.rows(sql, &[Text(&list_of(keys))]).await?;
        let mut found: HashMap<Key, Vec<PublicationFact>> = HashMap::new();
        for row in &rows {
            let publications = found.entry((row.text(0)?, row.text(1)?)).or_default();
            let evidence = row.text(2)?;
            let tag: Tag = row.parsed(3)?;
            match publications.last_mut().filter(|last| last.evidence == evidence) {
                Some(last) => last.tags.push(tag),
                None => publications.push(PublicationFact {
                    repository: row.text(4)?,
                    tags: vec![tag],
                    digest: row.parsed(5)?,
                    commit: row.parsed(6)?,
                    at: row.int(7)?,
                    evidence,
                }),
            }
        }
        Ok(found)
    }

    /// What tags, each a project, a repository and a tag, named in the course of time.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn tag_facts(&mut self, tags: &[Key3]) -> Result<HashMap<Key3, Vec<TagFact>>, StoreError> {
        let list = list_of(tags);
        let mut found: HashMap<Key3, Vec<TagFact>> = HashMap::new();
        for (source, table) in
            [(TagSource::Published, "publication_fact"), (TagSource::Observed, "tag_observation")]
        {
            let sql = self.with_list(&format!(
                "SELECT t.project, t.repository, t.tag, t.digest, t.at, t.evidence FROM {{list}} JOIN {table} AS t \
                 ON t.project = list.value ->> 0 AND t.repository = list.value ->> 1 AND t.tag = list.value ->> 2"
            ));
            for row in &self.rows(sql, &[Text(&list)]).await? {
                let fact =
                    TagFact { digest: row.maybe_parsed(3)?, at: row.int(4)?, source, evidence: row.text(5)? };
                found.entry((row.text(0)?, row.text(1)?, row.text(2)?)).or_default().push(fact);
            }
        }
        Ok(found)
    }

    /// Deployments by their ids.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn deployments(
        &mut self,
        ids: &[Key],
    ) -> Result<HashMap<Key, Vec<DeploymentFact>>, StoreError> {
        self.grouped(DEPLOYMENTS_BY_ID, ids, |row| read_deployment(row, 2)).await
    }

    /// All deployments of digests.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn deployments_of_digests(
        &mut self,
        digests: &[Key],
    ) -> Result<HashMap<Key, Vec<DeploymentFact>>, StoreError> {
        self.grouped(DEPLOYMENTS_BY_DIGEST, digests, |row| read_deployment(row, 2)).await
    }

    /// The first success of each digest in each environment: what later deployments of it are judged by. It stands for
    /// the instant of its end alone.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn first_successes(
        &mut self,
        digests: &[Key],
    ) -> Result<HashMap<Key, Vec<DeploymentFact>>, StoreError> {
        let sql = "SELECT f.project, f.digest, f.id, f.service, f.environment, f.digest, f.commit_sha, NULL, f.mode, \
                   'success', -f.earliness, -f.earliness, f.evidence FROM {list} JOIN first_success AS f \
                   ON f.project = list.value ->> 0 AND f.digest = list.value ->> 1";
        self.grouped(sql, digests, |row| read_deployment(row, 2)).await
    }

    /// All deployments of cells, each a project, an environment and a service.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn deployments_of_cells(
        &mut self,
        cells: &[Key3],
    ) -> Result<HashMap<Key3, Vec<DeploymentFact>>, StoreError> {
        let sql = self.with_list(
            "SELECT d.project, d.id, d.service, d.environment, d.digest, d.commit_sha, d.reference, d.mode, \
             o.outcome, d.started_at, o.at, d.evidence FROM {list} JOIN deployment AS d \
             ON d.project = list.value ->> 0 AND d.environment = list.value ->> 1 AND d.service = list.value ->> 2 \
             LEFT JOIN deployment_outcome AS o ON o.project = d.project AND o.id = d.id",
        );
        let mut found: HashMap<Key3, Vec<DeploymentFact>> = HashMap::new();
        for row in &self.rows(sql, &[Text(&list_of(cells))]).await? {
            let fact = read_deployment(row, 1)?;
            let key = (row.text(0)?, fact.environment.to_string(), fact.service.to_string());
            found.entry(key).or_default().push(fact);
        }
        Ok(found)
    }

    /// All that was seen in cells, each a project, an environment and a service.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn runtime_facts(
        &mut self,
        cells: &[Key3],
    ) -> Result<BTreeMap<Key3, Vec<RuntimeFact>>, StoreError> {
        let sql = self.with_list(
            "SELECT r.project, r.environment, r.service, r.reachable, r.digest, r.commit_sha, r.at, r.evidence \
             FROM {list} JOIN runtime_fact AS r \
             ON r.project = list.value ->> 0 AND r.environment = list.value ->> 1 AND r.service = list.value ->> 2",
        );
        let mut found: BTreeMap<Key3, Vec<RuntimeFact>> = BTreeMap::new();
        for row in &self.rows(sql, &[Text(&list_of(cells))]).await? {
            let fact = RuntimeFact {
                reachable: row.int(3)? != 0,
                digest: row.maybe_parsed::<Digest>(4)?,
                commit: row.maybe_parsed::<CommitSha>(5)?,
                at: row.int(6)?,
                evidence: row.text(7)?,
            };
            found.entry((row.text(0)?, row.text(1)?, row.text(2)?)).or_default().push(fact);
        }
        Ok(found)
    }

    /// Distinct subjects of a projection, in their order, after the given one; for going through all of them.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn subjects(
        &mut self,
        of: Subjects,
        after: &Key3,
        limit: i64,
    ) -> Result<Vec<Key3>, StoreError> {
        let params = [Text(&after.0), Text(&after.1), Text(&after.2), Int(limit)];
        let rows = self.rows(of.sql(), &params).await?;
        rows.iter().map(|row| Ok((row.text(0)?, row.text(1)?, row.text(2)?))).collect()
    }

    async fn grouped<T>(
        &mut self,
        sql: &str,
        keys: &[Key],
        read: impl Fn(&Row) -> Result<T, StoreError>,
    ) -> Result<HashMap<Key, Vec<T>>, StoreError> {
        let sql = self.with_list(sql);
        let mut found: HashMap<Key, Vec<T>> = HashMap::new();
        for row in &self.rows(sql, &[Text(&list_of(keys))]).await? {
            found.entry((row.text(0)?, row.text(1)?)).or_default().push(read(row)?);
        }
        Ok(found)
    }
}

/// What one can go through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subjects {
    /// Commits that were published.
    PublishedCommits,
    /// Tags that were published or seen: a project, a repository, a tag.
    Tags,
    /// Cells in which something was seen: a project, an environment, a service.
    ObservedCells,
}

impl Subjects {
    fn sql(self) -> &'static str {
        match self {
            Self::PublishedCommits => {
                "SELECT DISTINCT project, commit_sha, '' FROM publication_fact \
                 WHERE (project, commit_sha, '') > ($1, $2, $3) ORDER BY 1, 2 LIMIT $4"
            }
            Self::Tags => {
                "SELECT project, repository, tag FROM publication_fact WHERE (project, repository, tag) > ($1, $2, $3) \
                 UNION SELECT project, repository, tag FROM tag_observation \
                 WHERE (project, repository, tag) > ($1, $2, $3) ORDER BY 1, 2, 3 LIMIT $4"
            }
            Self::ObservedCells => {
                "SELECT DISTINCT project, environment, service FROM runtime_fact \
                 WHERE (project, environment, service) > ($1, $2, $3) ORDER BY 1, 2, 3 LIMIT $4"
            }
        }
    }
}

/// A smoke test whose columns begin at that one.
pub(super) fn read_smoke(row: &Row, from: usize) -> Result<SmokeFact, StoreError> {
    Ok(SmokeFact { outcome: row.word(from)?, at: row.int(from + 1)?, evidence: row.text(from + 2)? })
}

/// A deployment whose columns begin at that one. Its end is known once it has an outcome.
pub(super) fn read_deployment(row: &Row, from: usize) -> Result<DeploymentFact, StoreError> {
    let outcome = row.maybe_word(from + 7)?;
    Ok(DeploymentFact {
        id: row.parsed(from)?,
        service: row.parsed::<Name>(from + 1)?,
        environment: row.parsed::<Name>(from + 2)?,
        digest: row.maybe_parsed(from + 3)?,
        commit: row.parsed(from + 4)?,
        reference: row.maybe_text(from + 5)?,
        mode: row.word(from + 6)?,
        outcome,
        started_at: row.int(from + 8)?,
        finished_at: if outcome.is_some() { row.maybe_int(from + 9)? } else { None },
        evidence: row.text(from + 10)?,
    })
}
