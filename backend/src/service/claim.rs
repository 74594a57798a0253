//! Reads one evidence document and says exactly where it is wrong.
//!
//! serde buffers a claim before it knows its `kind`, and by then has lost the place of a mistake in it. So
//! a claim that does not read is read once more in a form that names the kind first.

use crate::field::{FieldError, detail};
use evidence::{
    BuildCache, CiJob, Claim, CommitSha, DeploymentId, Digest, Evidence, FailureClass, Name, Origin, Outcome,
    SchemaRange, Tag,
};
use serde::Deserialize;
use serde_json::Value;

/// The same fields as [`Claim`], which the compiler checks, but `{"<kind>": {…}}` in JSON.
#[derive(Deserialize)]
#[serde(remote = "Claim", rename_all = "snake_case", deny_unknown_fields)]
enum KindFirst {
    Commit {
        commit: CommitSha,
        subject: String,
        author: String,
        parents: Vec<CommitSha>,
    },
    CiVerdict {
        commit: CommitSha,
        outcome: Outcome,
        jobs: Vec<CiJob>,
    },
    ImageBuilt {
        commit: CommitSha,
        digest: Digest,
        platforms: Vec<String>,
        size_bytes: u64,
        #[serde(default)]
        milliseconds: Option<u64>,
        #[serde(default)]
        cache: Option<BuildCache>,
        #[serde(default)]
        schema_range: Option<SchemaRange>,
    },
    Smoke {
        commit: CommitSha,
        #[serde(default)]
        digest: Option<Digest>,
        outcome: Outcome,
        engine: Name,
    },
    Published {
        commit: CommitSha,
        digest: Digest,
        repository: String,
        tags: Vec<Tag>,
    },
    Deployed {
        service: Name,
        environment: Name,
        commit: CommitSha,
        #[serde(default)]
        digest: Option<Digest>,
        version: String,
        outcome: Outcome,
        actor: String,
        #[serde(default)]
        deployment: Option<DeploymentId>,
        #[serde(default)]
        reference: Option<String>,
        #[serde(default)]
        failure: Option<FailureClass>,
        #[serde(default)]
        milliseconds: Option<u64>,
        #[serde(default)]
        break_glass: Option<String>,
    },
    RolledBack {
        service: Name,
        environment: Name,
        commit: CommitSha,
        #[serde(default)]
        digest: Option<Digest>,
        version: String,
        actor: String,
        #[serde(default)]
        deployment: Option<DeploymentId>,
    },
}

/// Reads a document that stands at `base` in the request's body.
///
/// # Errors
/// Every place that is wrong, as far as they can be told from one another.
pub fn read(base: &str, json: &str) -> Result<Evidence, Vec<FieldError>> {
    // serde would also take a list of the fields' values.
    if !json.starts_with('{') {
        let detail = "expected an object".to_owned();
        return Err(vec![FieldError { pointer: base.to_owned(), detail }]);
    }
    let mut reader = serde_json::Deserializer::from_str(json);
    let evidence: Evidence = match serde_path_to_error::deserialize(&mut reader) {
        Ok(evidence) => evidence,
        Err(error) => {
            let inside = claim_mistake(base, json);
            return Err(vec![inside.unwrap_or_else(|| FieldError::of(base, 0, &error))]);
        }
    };
    if evidence.claim.origin() != Origin::Pipeline {
        let kind = evidence.claim.kind();
        let detail = match evidence.claim.origin() {
            Origin::Deployment => format!("{kind} is told by PUT /v1/deployments/{{id}} and its events"),
            _ => format!("{kind} is what the ledger finds out for itself: it is not taken from others"),
        };
        return Err(vec![FieldError { pointer: format!("{base}/claim/kind"), detail }]);
    }
    evidence.validate().map(|()| evidence).map_err(|errors| {
        errors
            .into_iter()
            .map(|error| FieldError { pointer: format!("{base}{}", error.pointer), detail: error.detail })
            .collect()
    })
}

/// The mistake inside a claim whose kind is known.
fn claim_mistake(base: &str, json: &str) -> Option<FieldError> {
    let mut document: Value = serde_json::from_str(json).ok()?;
    let mut claim = document.get_mut("claim")?.take();
    let Value::String(kind) = claim.as_object_mut()?.remove("kind")? else {
        return None;
    };
    let named = Value::Object([(kind.clone(), claim)].into_iter().collect());
    let mut track = serde_path_to_error::Track::new();
    let tracked = serde_path_to_error::Deserializer::new(named, &mut track);
    let error = KindFirst::deserialize(tracked).err()?;
    let error = serde_path_to_error::Error::new(track.path(), error);
    let known = error.path().iter().next().is_some();
    if !known || error.inner().to_string().starts_with("unknown variant") && segments(&error) < 2 {
        return Some(FieldError {
            pointer: format!("{base}/claim/kind"),
            detail: detail(&error.inner().to_string()),
        });
    }
    Some(FieldError::of(&format!("{base}/claim"), 1, &error))
}

fn segments(error: &serde_path_to_error::Error<serde_json::Error>) -> usize {
    error.path().iter().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

    fn mistakes(claim: &str) -> Vec<(String, String)> {
        let json = format!(
            r#"{{"schema":"portbook.evidence/v1","project":"p","occurred_at":"2026-01-02T03:04:05Z","claim":{claim}}}"#
        );
        let errors = read("/evidence/3", &json).unwrap_err();
        errors.into_iter().map(|error| (error.pointer, error.detail)).collect()
    }

    fn pointer(claim: &str) -> String {
        mistakes(claim).remove(0).0
    }

    #[test]
    fn a_mistake_in_a_claim_is_named_by_its_pointer() {
        let missing = format!(r#"{{"kind":"smoke","commit":"{COMMIT}","engine":"docker"}}"#);
        assert_eq!(pointer(&missing), "/evidence/3/claim/outcome");
        let wrong = format!(
            r#"{{"kind":"ci_verdict","commit":"{COMMIT}","outcome":"success",
                "jobs":[{{"name":"a","outcome":"success","milliseconds":1}},
                        {{"name":"b","outcome":"fine","milliseconds":1}}]}}"#
        );
        assert_eq!(pointer(&wrong), "/evidence/3/claim/jobs/1/outcome");
        let unknown = format!(
            r#"{{"kind":"smoke","commit":"{COMMIT}","outcome":"success","engine":"docker","a/b":1}}"#
        );
        assert_eq!(pointer(&unknown), "/evidence/3/claim/a~1b");
        assert_eq!(pointer(r#"{"kind":"smoke","commit":"0123"}"#), "/evidence/3/claim/commit");
    }

    #[test]
    fn a_mistake_in_the_kind_is_named_too() {
        assert_eq!(pointer(r#"{"kind":"smok"}"#), "/evidence/3/claim/kind");
        assert_eq!(pointer(r#"{"commit":"x"}"#), "/evidence/3/claim/kind");
        assert_eq!(pointer("7"), "/evidence/3/claim");
    }

    #[test]
    fn details_are_short_and_without_positions() {
        let claim = format!(r#"{{"kind":"{}"}}"#, "x".repeat(100_000));
        let (_, detail) = mistakes(&claim).remove(0);
        assert!(detail.chars().count() <= 301 && !detail.contains(" at line "), "{detail}");
    }
}
