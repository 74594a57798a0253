//! A deployment is told to the ledger while it goes on. It never waits for the ledger, and never fails for want of it.

use crate::context::{Context, Stop};
use crate::error::Problem;
use crate::ledger::{Address, Ledger, Trouble};
use crate::patience::{Patience, random};
use crate::policy::Pipeline;
use anyhow::Result;
use evidence::{DeploymentId, DeploymentStarted, DeploymentState, Name, Timestamp};
use std::collections::BTreeMap;
use std::time::Duration;
use time::OffsetDateTime;

/// How long one thing that is told may take.
const LONGEST: Duration = Duration::from_secs(3);

/// A new identity.
pub fn fresh_id() -> DeploymentId {
    DeploymentId::of_random(u128::from(random()) << 64 | u128::from(random()))
}

/// Tells a ledger of one deployment.
pub struct Announcer {
    ledger: Ledger,
    /// What the ledger has taken, and where it goes.
    announced: Option<(DeploymentId, Name)>,
    /// When each thing was first told: told again, it is the same.
    told: BTreeMap<(DeploymentId, u32), Timestamp>,
    /// Why nothing more is told.
    trouble: Option<String>,
}

impl Announcer {
    /// For the ledger that is named, if one is. An address or credential that cannot be used is a warning.
    pub fn open(ctx: &Context, pipeline: &Pipeline) -> Option<Self> {
        let patience =
            Patience { attempts: 3, base: Duration::from_millis(200), longest: Duration::from_secs(1) };
        // Who is told to stop has that to tell: it takes a moment at most.
        let ctx = Context { stop: Stop::default(), ..ctx.clone() };
        let opened = Address::of_env(&ctx.env).and_then(|address| {
            let open = |address| Ledger::open(&ctx, address, &pipeline.project, patience);
            address.map(open).transpose()
        });
        match opened {
            Ok(ledger) => ledger.map(|ledger| Self {
                ledger: ledger.within(LONGEST),
                announced: None,
                told: BTreeMap::new(),
                trouble: None,
            }),
            Err(problem) => {
                eprintln!("{}", warning(&problem));
                None
            }
        }
    }

    /// Tells that a deployment begins, and whether the ledger took it. Only then may what tells its end name it.
    pub fn started(&mut self, started: &DeploymentStarted) -> bool {
        let Some(at) = self.instant(&started.id, 0) else { return false };
        let told = self.ledger.start(started, at);
        let taken = told.is_ok();
        if taken {
            self.announced = Some((started.id.clone(), started.environment.clone()));
        }
        self.settle(told);
        taken
    }

    /// Tells what it has come to, if the ledger knows of it.
    pub fn state(&mut self, state: &DeploymentState) {
        let known = self.announced.clone().filter(|(id, _)| *id == state.id);
        let Some((_, environment)) = known else { return };
        let Some(at) = self.instant(&state.id, state.sequence) else { return };
        let told = self.ledger.advance(state, &environment, at);
        self.settle(told);
    }

    /// The warning that was given, if one was; since then nothing is told.
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// When this was first told; none where nothing is told any more.
    fn instant(&mut self, id: &DeploymentId, sequence: u32) -> Option<Timestamp> {
        if self.trouble.is_some() {
            return None;
        }
        let now = Timestamp::from_instant(OffsetDateTime::now_utc())?;
        Some(*self.told.entry((id.clone(), sequence)).or_insert(now))
    }

    /// The first trouble is told and is the last: a ledger that is away would cost every further step its time.
    fn settle(&mut self, told: Result<(), Trouble>) {
        if let Err(trouble) = told {
            let warning = warning(&trouble.into());
            eprintln!("{warning}");
            self.trouble = Some(warning);
        }
    }
}

fn warning(problem: &Problem) -> String {
    let next = problem.next.as_ref().map_or(String::new(), |next| format!("\n  next: {next}"));
    format!("warning: the ledger does not follow this deployment: {}{next}", problem.message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identities_are_new_each_time_and_canonical() {
        let (one, other) = (fresh_id(), fresh_id());
        assert_ne!(one, other);
        for id in [one, other] {
            assert_eq!(id.as_str().parse(), Ok(id.clone()));
            assert_eq!(id.as_str().as_bytes()[14], b'4', "{id}");
        }
    }
}
