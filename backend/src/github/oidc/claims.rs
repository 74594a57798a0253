//! What a workflow's token claims, as far as it is of use here.

use super::SKEW;
use super::jwt::Refusal;
use serde::{Deserialize, Serialize};

/// What GitHub says of the job that asked for the token. Numbers come as text.
#[derive(Clone, Debug, Deserialize)]
pub struct Claims {
    iss: String,
    aud: Audience,
    exp: i64,
    nbf: Option<i64>,
    iat: i64,
    /// The token's own name: each is good once.
    pub jti: String,
    repository_id: String,
    repository_owner_id: String,
    /// The workflow that the job is written in, `<owner>/<name>/.github/workflows/<file>@<ref>`.
    pub job_workflow_ref: String,
    /// The environment whose protection rules have let the job pass, if it is in one.
    pub environment: Option<String>,
    /// What is kept of it.
    #[serde(flatten)]
    pub run: Run,
}

/// The part of the claims that goes with everything that the job records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// The repository's name at that time.
    pub repository: String,
    /// The commit that the run is about; under `workflow_run` the default branch's tip.
    pub sha: String,
    /// The branch, tag or pull request.
    #[serde(rename = "ref")]
    pub reference: String,
    /// The run.
    pub run_id: String,
    /// Its attempt.
    pub run_attempt: String,
    /// Who started it.
    pub actor: String,
    /// The workflow of the run.
    pub workflow_ref: String,
    /// What started it, such as `push`.
    pub event_name: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Claims {
    /// Reads the signed part.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Refusal> {
        serde_json::from_slice(bytes)
            .map_err(|error| Refusal::Claims(crate::field::detail(&error.to_string())))
    }

    /// Checks who issued it, for whom, and when. `now` in seconds.
    pub(super) fn check(&self, issuer: &str, audience: &str, now: i64) -> Result<(), Refusal> {
        if self.iss != issuer {
            return Err(Refusal::Issuer);
        }
        // One that is good for somebody else too could be shown here by them.
        let named = match &self.aud {
            Audience::One(name) => name.as_str(),
            Audience::Many(names) if names.len() == 1 => names[0].as_str(),
            Audience::Many(_) => "several",
        };
        if named != audience {
            return Err(Refusal::Audience(named.chars().filter(|c| !c.is_control()).take(200).collect()));
        }
        if now > self.exp.saturating_add(SKEW) {
            return Err(Refusal::Expired);
        }
        if now < self.nbf.unwrap_or(self.iat).max(self.iat).saturating_sub(SKEW) {
            return Err(Refusal::Early);
        }
        if self.jti.is_empty() || self.jti.len() > 200 {
            return Err(Refusal::Claims("jti is not of 1 to 200 characters".to_owned()));
        }
        Ok(())
    }

    /// From when on nobody takes the token any more, in seconds.
    pub fn ends_at(&self) -> i64 {
        self.exp.saturating_add(SKEW)
    }

    /// GitHub's number of the repository; none where it is no number.
    pub fn repository_id(&self) -> Option<i64> {
        self.repository_id.parse().ok()
    }

    /// GitHub's number of the repository's owner; none where it is no number.
    pub fn owner_id(&self) -> Option<i64> {
        self.repository_owner_id.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const NOW: i64 = 1_767_323_045;

    fn claims(change: impl Fn(&mut Value)) -> Result<Claims, Refusal> {
        let mut claims = json!({
            "iss": "https://i.example", "aud": "https://l.example", "jti": "one", "sub": "repo:o/r:ref:refs/heads/main",
            "exp": NOW + 300, "nbf": NOW - 10, "iat": NOW, "repository_id": "7", "repository_owner_id": "8",
            "job_workflow_ref": "o/r/.github/workflows/ci.yml@refs/heads/main", "repository": "o/r",
            "sha": "0123456789abcdef0123456789abcdef01234567", "ref": "refs/heads/main", "run_id": "9",
            "run_attempt": "1", "actor": "ada", "workflow_ref": "o/r/.github/workflows/ci.yml@refs/heads/main",
            "event_name": "push", "something": "new"
        });
        change(&mut claims);
        Claims::read(claims.to_string().as_bytes())
    }

    fn check(change: impl Fn(&mut Value), now: i64) -> Result<(), Refusal> {
        claims(change)?.check("https://i.example", "https://l.example", now)
    }

    #[test]
    fn clocks_may_differ_by_a_minute_and_no_more() {
        assert_eq!(check(|_| (), NOW), Ok(()));
        assert_eq!(check(|_| (), NOW + 360), Ok(()));
        assert_eq!(check(|_| (), NOW + 361), Err(Refusal::Expired));
        assert_eq!(check(|_| (), NOW - 60), Ok(()));
        assert_eq!(check(|_| (), NOW - 61), Err(Refusal::Early));
        assert_eq!(check(|it| it["nbf"] = json!(NOW + 61), NOW), Err(Refusal::Early));
        assert_eq!(check(|it| it["exp"] = json!(i64::MIN), NOW), Err(Refusal::Expired));
        assert_eq!(check(|it| it["exp"] = json!(i64::MAX), NOW), Ok(()));
        assert!(matches!(check(|it| it["exp"] = json!("soon"), NOW), Err(Refusal::Claims(_))));
        assert!(matches!(
            check(|it| drop(it.as_object_mut().unwrap().remove("exp")), NOW),
            Err(Refusal::Claims(_))
        ));
    }

    #[test]
    fn it_must_be_of_the_issuer_and_for_us_alone() {
        assert_eq!(check(|it| it["iss"] = json!("https://i.example/"), NOW), Err(Refusal::Issuer));
        assert_eq!(check(|it| it["aud"] = json!(["https://l.example"]), NOW), Ok(()));
        for audience in [json!("https://l.example.evil"), json!(["https://l.example", "b"]), json!([])] {
            assert!(matches!(check(|it| it["aud"] = audience.clone(), NOW), Err(Refusal::Audience(_))));
        }
        assert!(matches!(check(|it| it["jti"] = json!(""), NOW), Err(Refusal::Claims(_))));
        assert!(matches!(check(|it| it["jti"] = json!("j".repeat(201)), NOW), Err(Refusal::Claims(_))));
    }

    #[test]
    fn numbers_that_are_none_are_nobodys() {
        let claims = claims(|it| it["repository_id"] = json!("seven")).unwrap();
        assert_eq!((claims.repository_id(), claims.owner_id()), (None, Some(8)));
    }
}
