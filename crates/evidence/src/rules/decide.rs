//! The verdict: may this digest go there?

use super::ci::{published_without_green_ci, verdict_at};
use super::fact::{CiFact, DeploymentFact, PublicationFact, SmokeFact};
use super::finding::{Finding, Rule, instant, sorted};
use super::reference::reason_of_reference;
use super::tested::{Staging, staging, tested};
use super::{Policy, code, is_trial};
use crate::{CommitSha, Digest, ImageRef, Name, Outcome, SchemaRange};
use serde::Serialize;

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The digest that shall be deployed.
    pub digest: &'a Digest,
    /// Where to.
    pub environment: &'a Name,
    /// As which service, if that is said.
    pub service: Option<&'a Name>,
    /// The reference that it shall be deployed by; none: by its digest.
    pub reference: Option<&'a str>,
    /// As of when. What is later is not looked at.
    pub at: i64,
}

/// What is known of the digest.
#[derive(Clone, Debug, Default)]
pub struct DigestFacts {
    /// The commit that it was built from.
    pub commit: Option<CommitSha>,
    /// The schemas that it can run on.
    pub schema_range: Option<SchemaRange>,
    /// Its publications.
    pub publications: Vec<PublicationFact>,
    /// What CI concluded about its commit.
    pub ci: Vec<CiFact>,
    /// Its smokes.
    pub smokes: Vec<SmokeFact>,
    /// Its deployments, to any environment.
    pub deployments: Vec<DeploymentFact>,
    /// The findings of R2 about it, or about the tags that it was published under.
    pub tags: Vec<Finding>,
    /// The schema that the environment's database is at.
    pub environment_schema: Option<u64>,
    /// The newest contract step that the environment's database has; 0 if it has none.
    pub environment_floor: Option<u64>,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Verdict {
    /// Whether it may: whether no reason blocks.
    pub allow: bool,
    /// What blocks, and then what else was looked at.
    pub reasons: Vec<Reason>,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Reason {
    /// The rule that it follows from, if one does.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub rule: Option<Rule>,
    /// What it says, from [`super::code`].
    pub code: &'static str,
    /// Whether it is against it.
    pub blocks: bool,
    /// The same for people.
    pub message: String,
    /// The documents that say so: their SHA-256s in order.
    pub evidence: Vec<String>,
}

/// May this digest go there? By the very rules that would find fault with it afterwards.
pub fn decide(policy: &Policy, question: &Question<'_>, facts: &DigestFacts) -> Verdict {
    let case = Case { policy, question, facts, asked: !is_trial(question.environment) };
    let mut reasons = vec![case.known(), case.ci(), case.tested()];
    reasons.extend(case.staging());
    reasons.extend(case.reference());
    reasons.extend(case.tags());
    reasons.push(case.schema());
    reasons.sort_by_key(|reason| !reason.blocks);
    Verdict { allow: !reasons.iter().any(|reason| reason.blocks), reasons }
}

struct Case<'a> {
    policy: &'a Policy,
    question: &'a Question<'a>,
    facts: &'a DigestFacts,
    /// Whether a lack of evidence blocks there.
    asked: bool,
}

impl Case<'_> {
    fn known(&self) -> Reason {
        let DigestFacts { commit, publications, smokes, deployments, .. } = self.facts;
        let at = self.question.at;
        let known = commit.is_some()
            || publications.iter().any(|fact| fact.at <= at)
            || smokes.iter().any(|fact| fact.at <= at)
            || deployments.iter().any(|fact| fact.started_at <= at);
        let digest = self.question.digest;
        match commit {
            Some(commit) => speaks(
                None,
                code::DIGEST_KNOWN,
                format!("{} was built from {}.", digest.short(), commit.short()),
            ),
            None if known => {
                speaks(None, code::DIGEST_KNOWN, format!("There is evidence of {}.", digest.short()))
            }
            None => {
                let message =
                    format!("Nothing is known of {digest}: push its evidence, or check the digest.");
                Reason { blocks: self.asked, ..speaks(None, code::DIGEST_UNKNOWN, message) }
            }
        }
    }

    /// R1, judged by its last publication; before there is one, by what CI says now.
    fn ci(&self) -> Reason {
        let Question { digest, at, .. } = *self.question;
        let published = self.facts.publications.iter().filter(|fact| fact.at <= at);
        if let Some(publication) = published.max_by_key(|fact| (fact.at, &fact.evidence)) {
            let Some(finding) = published_without_green_ci(publication, &self.facts.ci) else {
                let message = format!(
                    "CI was green about {} when it was published at {}.",
                    publication.commit.short(),
                    instant(publication.at)
                );
                let verdict = verdict_at(&self.facts.ci, publication.at).map(|fact| &fact.evidence);
                let evidence = sorted(verdict.into_iter().chain([&publication.evidence]));
                return Reason { evidence, ..speaks(Some(Rule::R1), code::CI_GREEN, message) };
            };
            return against(finding, self.asked);
        }
        let verdict = verdict_at(&self.facts.ci, at);
        let (code, said) = match verdict {
            Some(fact) if fact.outcome == Outcome::Success => (code::CI_GREEN, "is green".to_owned()),
            Some(fact) => (code::CI_NOT_GREEN, format!("is {}", fact.outcome.as_str())),
            None => (code::CI_UNKNOWN, "is not known".to_owned()),
        };
        Reason {
            blocks: self.asked && code != code::CI_GREEN,
            evidence: verdict.map(|fact| fact.evidence.clone()).into_iter().collect(),
            ..speaks(
                Some(Rule::R1),
                code,
                format!(
                    "{} is not published, and the verdict of CI about its commit {said}.",
                    digest.short()
                ),
            )
        }
    }

    fn tested(&self) -> Reason {
        let tested = tested(&self.facts.smokes, self.question.at);
        let message = format!("{}: {}.", self.question.digest.short(), tested.words);
        Reason {
            blocks: self.asked && !tested.passed,
            evidence: tested.smoke.map(|smoke| smoke.evidence.clone()).into_iter().collect(),
            ..speaks(
                Some(Rule::R4),
                if tested.passed { code::TESTED } else { code::UNTESTED_DIGEST },
                message,
            )
        }
    }

    fn staging(&self) -> Option<Reason> {
        let Question { digest, environment, at, .. } = *self.question;
        let (code, deployment, message) = match staging(self.policy, environment, &self.facts.deployments, at)
        {
            Staging::NotAsked => return None,
            Staging::Passed(fact) => {
                (code::PASSED_STAGING, Some(fact), format!("was deployed to {}", fact.cell()))
            }
            Staging::RanBefore(fact) => {
                (code::RAN_BEFORE, Some(fact), format!("ran in {} before", fact.cell()))
            }
            Staging::Skipped(staging) => {
                (code::SKIPPED_STAGING, None, format!("has never been deployed to {staging}"))
            }
        };
        Some(Reason {
            blocks: deployment.is_none(),
            evidence: deployment.map(|fact| fact.evidence.clone()).into_iter().collect(),
            ..speaks(Some(Rule::R4), code, format!("{} {message}.", digest.short()))
        })
    }

    fn reference(&self) -> Option<Reason> {
        let Question { digest, environment, reference, .. } = *self.question;
        reason_of_reference(self.policy, environment, reference, Some(digest))
    }

    /// R2. A tag that was taken from this digest to name another does not block the digest, which is what it should
    /// name: only what goes by that tag.
    fn tags(&self) -> Vec<Reason> {
        let Question { digest, reference, at, .. } = *self.question;
        let open = |finding: &&Finding| {
            finding.opened_at <= at && finding.resolved_at.is_none_or(|resolved| resolved > at)
        };
        let mut findings: Vec<&Finding> = self.facts.tags.iter().filter(open).collect();
        findings.sort_by_key(|finding| (finding.opened_at, &finding.key));
        let by_tag = reference.and_then(|text| text.parse::<ImageRef>().ok());
        let by_tag = by_tag.map(|reference| reference.to_string());
        let about = |finding: &Finding| {
            finding.digest.as_ref() == Some(digest) || by_tag.as_ref() == Some(&finding.subject)
        };
        if findings.is_empty() {
            let message = "No immutable tag of it has moved or vanished.".to_owned();
            return vec![speaks(Some(Rule::R2), code::TAGS_UNMOVED, message)];
        }
        findings.into_iter().map(|finding| against(finding.clone(), about(finding))).collect()
    }

    /// A schema that is older is no obstacle, for the deployment migrates first; nor is a newer one, unless what the
    /// digest needs was taken away by a contract step.
    fn schema(&self) -> Reason {
        let environment = self.question.environment;
        let DigestFacts { schema_range, environment_schema, environment_floor, .. } = self.facts;
        let Some(SchemaRange { min, max }) = *schema_range else {
            let missing = "The schemas that it can run on are not known.".to_owned();
            return speaks(None, code::SCHEMA_UNKNOWN, missing);
        };
        let (code, there) = match (*environment_schema, *environment_floor) {
            (_, Some(floor)) if floor > max => (
                code::SCHEMA_OUT_OF_RANGE,
                format!("{environment} has the contract step {floor}, which it does not know"),
            ),
            (None, _) => {
                let missing = format!("The schema that {environment} is at is not known.");
                return speaks(None, code::SCHEMA_UNKNOWN, missing);
            }
            (Some(schema), _) if schema < min => (
                code::SCHEMA_MIGRATES,
                format!("{environment} is at {schema}, which its deployment brings up to {max}"),
            ),
            (Some(schema), _) if schema <= max => {
                (code::SCHEMA_IN_RANGE, format!("{environment} is at {schema}"))
            }
            (Some(schema), Some(_)) => (
                code::SCHEMA_AHEAD,
                format!("{environment} is at {schema}, with no contract step after {max}"),
            ),
            (Some(schema), None) => (
                code::SCHEMA_OUT_OF_RANGE,
                format!("{environment} is at {schema}, and whether by a contract step is not known"),
            ),
        };
        let message = format!("It can run on the schemas {min} to {max}, and {there}.");
        Reason { blocks: code == code::SCHEMA_OUT_OF_RANGE, ..speaks(None, code, message) }
    }
}

/// A reason that does not block, without evidence.
pub(super) fn speaks(rule: Option<Rule>, code: &'static str, message: String) -> Reason {
    Reason { rule, code, blocks: false, message, evidence: Vec::new() }
}

/// A finding as a reason.
fn against(finding: Finding, blocks: bool) -> Reason {
    let Finding { rule, code, message, evidence, .. } = finding;
    Reason { rule: Some(rule), code, blocks, message, evidence }
}
