//! R4: deployed without being tested, or past staging.

use super::fact::{DeploymentFact, SmokeFact};
use super::finding::{Finding, Rule, instant, last_by, sorted};
use super::{Policy, code, is_trial};
use crate::{Name, Outcome};

/// How a digest did in smokes until an instant.
pub(super) struct Tested<'a> {
    /// Whether the last one passed.
    pub(super) passed: bool,
    /// What is to be said of the digest.
    pub(super) words: String,
    /// The last one.
    pub(super) smoke: Option<&'a SmokeFact>,
}

/// What the last smoke of a digest until an instant says.
pub(super) fn tested(smokes: &[SmokeFact], until: i64) -> Tested<'_> {
    let smoke = last_by(smokes, until, |smoke| (smoke.at, smoke.outcome, &smoke.evidence));
    let words = match smoke {
        Some(smoke) => format!("its last smoke was a {}, of {}", smoke.outcome.as_str(), instant(smoke.at)),
        None => "there was no smoke of it".to_owned(),
    };
    Tested { passed: smoke.is_some_and(|smoke| smoke.outcome == Outcome::Success), words, smoke }
}

/// How a digest may come to a production environment.
pub(super) enum Staging<'a> {
    /// Nothing is asked there.
    NotAsked,
    /// It was deployed to staging, by this deployment.
    Passed(&'a DeploymentFact),
    /// It ran there before, by this deployment.
    RanBefore(&'a DeploymentFact),
    /// It was never deployed to this environment, which is staging.
    Skipped(&'a Name),
}

/// Whether a digest passed staging until an instant, given its deployments. What already ran well in the environment
/// itself is let back: a rollback must not have to pass staging first.
pub(super) fn staging<'a>(
    policy: &'a Policy,
    environment: &Name,
    same_digest: &'a [DeploymentFact],
    until: i64,
) -> Staging<'a> {
    let Some(staging) = policy.staging.as_ref().filter(|_| policy.is_production(environment)) else {
        return Staging::NotAsked;
    };
    let last_in = |environment: &Name, until: i64| {
        let succeeded = |fact: &&DeploymentFact| fact.succeeded_at().is_some_and(|at| at <= until);
        let there = same_digest.iter().filter(|fact| fact.environment == *environment).filter(succeeded);
        there.max_by_key(|fact| (fact.succeeded_at(), &fact.id))
    };
    // Strictly before, or a deployment of no duration would excuse itself.
    match (last_in(staging, until), last_in(environment, until.saturating_sub(1))) {
        (Some(passed), _) => Staging::Passed(passed),
        (None, Some(before)) => Staging::RanBefore(before),
        (None, None) => Staging::Skipped(staging),
    }
}

/// R4: a digest that was deployed although its last smoke until then did not pass (or there was none), except where
/// things are only tried; and one that came to production past staging. At most one of each; a deployment that failed
/// or was stopped is neither, nor is one of a process, which has no digest.
pub fn untested(
    policy: &Policy,
    deployment: &DeploymentFact,
    smokes: &[SmokeFact],
    same_digest: &[DeploymentFact],
) -> Vec<Finding> {
    let Some(digest) = deployment.digest.as_ref().filter(|_| deployment.may_run()) else {
        return Vec::new();
    };
    let cell = deployment.cell();
    let finding = |code: &'static str, why: String, smoke: Option<&SmokeFact>| Finding {
        rule: Rule::R4,
        code,
        key: format!("{}#{code}", deployment.id),
        subject: cell.clone(),
        environment: Some(deployment.environment.clone()),
        service: Some(deployment.service.clone()),
        digest: Some(digest.clone()),
        commit: Some(deployment.commit.clone()),
        opened_at: deployment.started_at,
        resolved_at: None,
        message: format!("{} was deployed to {cell}, but {why}.", digest.short()),
        evidence: sorted(smoke.map(|smoke| &smoke.evidence).into_iter().chain([&deployment.evidence])),
    };
    let mut findings = Vec::new();
    let tested = tested(smokes, deployment.started_at);
    if !tested.passed && !is_trial(&deployment.environment) {
        findings.push(finding(code::UNTESTED_DIGEST, tested.words, tested.smoke));
    }
    if let Staging::Skipped(staging) =
        staging(policy, &deployment.environment, same_digest, deployment.started_at)
    {
        let why = format!("it had never been deployed to {staging}");
        findings.push(finding(code::SKIPPED_STAGING, why, None));
    }
    findings
}
