//! What a decision looks up beside the facts that the rules judge.

use super::facts::read_deployment;
use super::list::list_of;
use super::session::Param::{Int, Text};
use super::{Session, StoreError};
use evidence::rules::{DeploymentFact, Finding, Rule, code};
use evidence::{CommitSha, Digest, Name, SchemaRange};

impl Session {
    /// The commit that a digest was built from, and the schemas that it can run on, as its own evidence says.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn artefact_origin(
        &mut self,
        project: &Name,
        digest: &Digest,
    ) -> Result<Option<(CommitSha, Option<SchemaRange>)>, StoreError> {
        let sql =
            "SELECT commit_sha, schema_min, schema_max FROM artefact WHERE project = $1 AND digest = $2";
        let rows = self.rows(sql, &[Text(project.as_str()), Text(digest.as_str())]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let range = match row.maybe_int(1)?.zip(row.maybe_int(2)?) {
            Some((min, max)) => Some(SchemaRange { min: schema(min)?, max: schema(max)? }),
            None => None,
        };
        Ok(Some((row.parsed(0)?, range)))
    }

    /// The commit that the tests or deployments of a digest name, where its own evidence is missing.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn mentioned_commit(
        &mut self,
        project: &Name,
        digest: &Digest,
    ) -> Result<Option<CommitSha>, StoreError> {
        for sql in [
            "SELECT commit_sha FROM smoke_fact WHERE project = $1 AND digest = $2 ORDER BY at, evidence LIMIT 1",
            "SELECT commit_sha FROM deployment WHERE project = $1 AND digest = $2 \
             ORDER BY environment, started_at, id LIMIT 1",
        ] {
            let rows = self.rows(sql, &[Text(project.as_str()), Text(digest.as_str())]).await?;
            if let Some(row) = rows.first() {
                return row.parsed(0).map(Some);
            }
        }
        Ok(None)
    }

    /// The deployment of a digest to an environment that began first of those that ended well.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn first_success(
        &mut self,
        project: &Name,
        digest: &Digest,
        environment: &Name,
    ) -> Result<Option<DeploymentFact>, StoreError> {
        let sql = "SELECT d.id, d.service, d.environment, d.digest, d.commit_sha, d.reference, d.mode, o.outcome, \
                   d.started_at, o.at, d.evidence FROM deployment AS d \
                   JOIN deployment_outcome AS o ON o.project = d.project AND o.id = d.id AND o.outcome = 'success' \
                   WHERE d.project = $1 AND d.digest = $2 AND d.environment = $3 \
                   ORDER BY d.started_at, d.id LIMIT 1";
        let params = [Text(project.as_str()), Text(digest.as_str()), Text(environment.as_str())];
        let rows = self.rows(sql, &params).await?;
        rows.first().map(|row| read_deployment(row, 0)).transpose()
    }

    /// The breaches of immutable tags that last: by this digest, or of one of these tags, each `repository:tag`.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn open_tag_findings(
        &mut self,
        project: &Name,
        digest: &Digest,
        tags: &[String],
    ) -> Result<Vec<Finding>, StoreError> {
        let sql = self.with_list(
            "SELECT code, dedupe_key, subject, digest, opened_at, message, evidence FROM incident \
             WHERE project = $2 AND rule = 'R2' AND resolved_at IS NULL \
             AND (digest = $3 OR subject IN (SELECT value ->> 0 FROM {list})) ORDER BY id",
        );
        let list = list_of(tags.iter().map(|tag| [tag]));
        let rows = self.rows(sql, &[Text(&list), Text(project.as_str()), Text(digest.as_str())]).await?;
        rows.iter()
            .map(|row| {
                let word = row.text(0)?;
                let code = code::ALL.iter().find(|code| **code == word);
                Ok(Finding {
                    rule: Rule::R2,
                    code: code.ok_or_else(|| StoreError::corrupt(format!("the code {word}")))?,
                    key: row.text(1)?,
                    subject: row.text(2)?,
                    environment: None,
                    service: None,
                    digest: row.maybe_parsed(3)?,
                    commit: None,
                    opened_at: row.int(4)?,
                    resolved_at: None,
                    message: row.text(5)?,
                    evidence: serde_json::from_str(&row.text(6)?).map_err(StoreError::corrupt)?,
                })
            })
            .collect()
    }

    /// The schema that an environment's database was last seen at, and its newest contract step. Without a service it is known only where there is
    /// no more than one: each may have a database of its own.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn environment_schema(
        &mut self,
        project: &Name,
        environment: &Name,
        service: Option<&Name>,
    ) -> Result<Option<(u64, Option<u64>)>, StoreError> {
        let only;
        let service = match service {
            Some(service) => service.as_str(),
            None => {
                let sql = "SELECT \
                           (SELECT MIN(service) FROM runtime_fact WHERE project = $1 AND environment = $2), \
                           (SELECT MAX(service) FROM runtime_fact WHERE project = $1 AND environment = $2)";
                let rows = self.rows(sql, &[Text(project.as_str()), Text(environment.as_str())]).await?;
                let Some(row) = rows.first() else { return Ok(None) };
                let (Some(first), last) = (row.maybe_text(0)?, row.maybe_text(1)?) else {
                    return Ok(None);
                };
                if last.as_ref() != Some(&first) {
                    return Ok(None);
                }
                only = first;
                &only
            }
        };
        let sql = "SELECT schema_version, schema_floor FROM runtime_fact \
                   WHERE project = $1 AND environment = $2 AND service = $3 AND schema_version IS NOT NULL \
                   ORDER BY at DESC, schema_version DESC LIMIT 1";
        let params = [Text(project.as_str()), Text(environment.as_str()), Text(service)];
        let rows = self.rows(sql, &params).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        Ok(Some((schema(row.int(0)?)?, row.maybe_int(1)?.map(schema).transpose()?)))
    }

    /// How many of the next documents that wait to be projected, at most `most`, are of this project.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn unprojected(&mut self, project: &Name, most: i64) -> Result<i64, StoreError> {
        let sql = "SELECT COUNT(*) FROM (SELECT project FROM evidence \
                   WHERE seq > (SELECT cursor FROM projection WHERE id = 1) ORDER BY seq LIMIT $2) AS waiting \
                   WHERE project = $1";
        let rows = self.rows(sql, &[Text(project.as_str()), Int(most)]).await?;
        rows.first().map_or(Ok(0), |row| row.int(0))
    }
}

fn schema(number: i64) -> Result<u64, StoreError> {
    u64::try_from(number).map_err(StoreError::corrupt)
}
