//! R5: something else runs than was deployed.

use super::code;
use super::fact::{DeploymentFact, RuntimeFact};
use super::finding::{Finding, Rule, instant, sorted};
use crate::{CommitSha, Digest, Name};

/// For how long a deployment that never ended counts as going on: half an hour, in microseconds.
const LONGEST_DEPLOYMENT: i64 = 30 * 60 * 1_000_000;

/// R5 over the whole time line of one cell: what a service said that it runs is not what was deployed last with
/// success. It counts once two observations in a row say the same, and no deployment goes on at the second, which is
/// when it opens. It is resolved when the service says what is recorded, or a deployment records what it says.
/// A service that does not answer, or does not say what it is, says nothing.
pub fn drift(
    service: &Name,
    environment: &Name,
    deployments: &[DeploymentFact],
    observations: &[RuntimeFact],
) -> Vec<Finding> {
    let here = |fact: &&DeploymentFact| fact.service == *service && fact.environment == *environment;
    let deployments: Vec<&DeploymentFact> = deployments.iter().filter(here).collect();
    let mut recorded: Vec<(i64, &DeploymentFact)> =
        deployments.iter().filter_map(|fact| Some((fact.succeeded_at()?, *fact))).collect();
    recorded.sort_by_key(|(at, fact)| (*at, fact.started_at, &fact.id));
    let mut seen: Vec<(Running<'_>, &RuntimeFact)> = observations
        .iter()
        .filter(|fact| fact.reachable)
        .filter_map(|fact| Some((Running::of(fact)?, fact)))
        .collect();
    seen.sort_by_key(|(running, fact)| (fact.at, *running, &fact.evidence));

    let mut line =
        Line { service, environment, deployments, recorded: None, last: None, breaches: Vec::new() };
    let mut recorded = recorded.into_iter().peekable();
    for (running, fact) in seen {
        while let Some((at, deployment)) = recorded.next_if(|(at, _)| *at <= fact.at) {
            line.deployed(at, deployment);
        }
        line.observed(running, fact);
    }
    recorded.for_each(|(at, deployment)| line.deployed(at, deployment));
    line.breaches.into_iter().map(|breach| breach.finding).collect()
}

/// What a service said that it runs: at least one of both.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Running<'a> {
    digest: Option<&'a Digest>,
    commit: Option<&'a CommitSha>,
}

impl<'a> Running<'a> {
    fn of(fact: &'a RuntimeFact) -> Option<Self> {
        let running = Self { digest: fact.digest.as_ref(), commit: fact.commit.as_ref() };
        (running.digest.is_some() || running.commit.is_some()).then_some(running)
    }

    /// What it is told from others by: the digest, or the commit where that is all there is.
    fn name(self) -> &'a str {
        self.digest.map(Digest::as_str).or(self.commit.map(CommitSha::as_str)).unwrap_or_default()
    }

    fn short(self) -> &'a str {
        self.digest.map(Digest::short).or(self.commit.map(CommitSha::short)).unwrap_or_default()
    }

    /// Whether it is what was deployed; none where the two cannot be compared.
    fn is(self, deployment: &DeploymentFact) -> Option<bool> {
        match (self.digest, &deployment.digest) {
            (Some(said), Some(recorded)) => Some(said == recorded),
            _ => self.commit.map(|said| *said == deployment.commit),
        }
    }
}

/// What was last said.
struct Said<'a> {
    running: Running<'a>,
    at: i64,
    evidence: &'a String,
    wrong: bool,
}

struct Breach<'a> {
    finding: Finding,
    running: Running<'a>,
}

/// A cell as its time goes by.
struct Line<'a> {
    service: &'a Name,
    environment: &'a Name,
    deployments: Vec<&'a DeploymentFact>,
    recorded: Option<&'a DeploymentFact>,
    last: Option<Said<'a>>,
    breaches: Vec<Breach<'a>>,
}

impl<'a> Line<'a> {
    fn deployed(&mut self, at: i64, deployment: &'a DeploymentFact) {
        self.recorded = Some(deployment);
        let Some(last) = self.last.as_mut().filter(|last| last.running.is(deployment) == Some(true)) else {
            return;
        };
        last.wrong = false;
        self.resolve(at, &deployment.evidence);
    }

    fn observed(&mut self, running: Running<'a>, fact: &'a RuntimeFact) {
        let right = match self.recorded {
            Some(recorded) => running.is(recorded),
            None => Some(false),
        };
        let Some(right) = right else { return };
        let said = Said { running, at: fact.at, evidence: &fact.evidence, wrong: !right };
        let before = self.last.replace(said);
        if right {
            return self.resolve(fact.at, &fact.evidence);
        }
        let again = before
            .filter(|before| before.wrong && before.running.name() == running.name() && before.at < fact.at);
        let Some(before) = again else { return };
        let known = |breach: &Breach<'_>| {
            breach.finding.resolved_at.is_none() && breach.running.name() == running.name()
        };
        if !self.breaches.iter().any(known) && !self.in_progress(fact.at) {
            self.open(running, fact, before.evidence);
        }
    }

    fn in_progress(&self, at: i64) -> bool {
        self.deployments.iter().any(|deployment| {
            let end =
                deployment.finished_at.unwrap_or(deployment.started_at.saturating_add(LONGEST_DEPLOYMENT));
            deployment.started_at <= at && at < end
        })
    }

    fn open(&mut self, running: Running<'a>, fact: &'a RuntimeFact, before: &'a String) {
        let Self { service, environment, recorded, .. } = self;
        let known = |deployment: &&DeploymentFact| {
            deployment.started_at <= fact.at && running.is(deployment) == Some(true)
        };
        let (cell, since) = (format!("{environment}/{service}"), instant(fact.at));
        let code = if self.deployments.iter().any(known) { code::DRIFT } else { code::UNDEPLOYED_IMAGE };
        let mut message = match recorded {
            Some(recorded) => {
                let digest = recorded.digest.as_ref().map(Digest::short).filter(|_| running.digest.is_some());
                let expected = digest.unwrap_or(recorded.commit.short());
                format!("{cell} says at {since} that it runs {}, and {expected} is recorded", running.short())
            }
            None => {
                format!("{cell} says at {since} that it runs {}, and nothing is recorded", running.short())
            }
        };
        message.push_str(if code == code::DRIFT { "." } else { "; it was never deployed there." });
        let evidence =
            recorded.map(|recorded| &recorded.evidence).into_iter().chain([before, &fact.evidence]);
        let finding = Finding {
            rule: Rule::R5,
            code,
            key: format!("{cell}#{}#{}", running.name(), fact.at),
            subject: cell.clone(),
            environment: Some((*environment).clone()),
            service: Some((*service).clone()),
            digest: running.digest.cloned(),
            commit: running.commit.cloned(),
            opened_at: fact.at,
            resolved_at: None,
            message,
            evidence: sorted(evidence),
        };
        self.breaches.push(Breach { finding, running });
    }

    /// What runs is right: nothing is wrong any more.
    fn resolve(&mut self, at: i64, evidence: &String) {
        for Breach { finding, .. } in self.breaches.iter_mut().filter(|it| it.finding.resolved_at.is_none()) {
            finding.resolved_at = Some(at);
            finding.evidence = sorted(finding.evidence.iter().chain([evidence]));
        }
    }
}
