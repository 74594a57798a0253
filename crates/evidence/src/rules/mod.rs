//! The five rules, and the verdict that is drawn from them: pure, so that the ledger and the pipeline judge alike.
//!
//! A rule is given facts and says what breaks it. The facts may come in any order and as often as they like: the
//! same facts make the same findings, with the same keys and texts. All instants are microseconds since 1970 in UTC.
//!
//! | Code | Rule | It says that |
//! |---|---|---|
//! | `published-on-red` | R1 | the last verdict of CI before the publication was not green |
//! | `published-without-verdict` | R1 | CI had come to no verdict when the image was published |
//! | `immutable-tag-moved` | R2 | an immutable tag named another digest than its first |
//! | `immutable-tag-vanished` | R2 | an immutable tag was gone from its registry |
//! | `floating-reference` | R3 | production was deployed by a tag that can move, or by none |
//! | `unpinned-reference` | R3 | production was deployed by something that names no image for sure |
//! | `untested-digest` | R4 | the last smoke of a digest before it was deployed did not pass, or there was none |
//! | `skipped-staging` | R4 | a digest came to production that had not been deployed to staging |
//! | `drift` | R5 | something else runs than was deployed last |
//! | `undeployed-image` | R5 | something runs that was never deployed there |
//!
//! A verdict gives the codes above as reasons, and these:
//!
//! | Code | Blocks | It says that |
//! |---|---|---|
//! | `digest-known` | no | there is evidence of the digest |
//! | `digest-unknown` | yes | there is none |
//! | `ci-green` | no | CI was green when the digest was published, or is if it never was |
//! | `ci-not-green` | yes | it is not published, and the last verdict of CI about its commit is not green |
//! | `ci-unknown` | yes | it is not published, and there is no verdict of CI about its commit |
//! | `tested` | no | its last smoke passed |
//! | `passed-staging` | no | it was deployed to staging |
//! | `ran-before` | no | it ran in this environment before, so that going back to it skips nothing |
//! | `pinned-reference` | no | the reference names one image for ever |
//! | `other-digest` | yes | the reference names another digest than the one asked about |
//! | `tags-unmoved` | no | no immutable tag has moved or vanished that would concern it |
//! | `schema-in-range` | no | it can run on the environment's schema as it is |
//! | `schema-migrates` | no | the environment's schema is older: the deployment brings it up |
//! | `schema-ahead` | no | the environment's schema is newer than its own, and no contract step lies between |
//! | `schema-out-of-range` | yes | a contract step was made there that it does not know, or may have been |
//! | `schema-unknown` | no | its range or the environment's schema is not known |
//!
//! In the environments `local` and `ci`, in which things are only tried, a lack of evidence, CI and smoke does not block.

mod ci;
pub mod code;
mod decide;
mod drift;
mod fact;
mod finding;
mod reference;
mod tag;
mod tested;

pub use ci::published_without_green_ci;
pub use decide::{DigestFacts, Question, Reason, Verdict, decide};
pub use drift::drift;
pub use fact::{CiFact, DeploymentFact, PublicationFact, RuntimeFact, SmokeFact, TagFact, TagSource};
pub use finding::{Finding, Rule};
pub use reference::{production_reference, reason_of_reference};
pub use tag::{immutable_tag, is_immutable};
pub use tested::untested;

use crate::Name;

/// Which environments the rules ask more of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The environments that users rely on.
    pub production: Vec<Name>,
    /// The environment that a digest passes before production; none: that is not asked.
    pub staging: Option<Name>,
}

impl Default for Policy {
    /// Production is `prod`, and staging is `staging`.
    fn default() -> Self {
        let name = |text: &str| Name::from_trusted(text.to_owned());
        Self { production: vec![name("prod")], staging: Some(name("staging")) }
    }
}

impl Policy {
    /// Whether users rely on it.
    #[must_use]
    pub fn is_production(&self, environment: &Name) -> bool {
        self.production.contains(environment)
    }
}

/// Whether things are only tried there, so that untested ones are at home.
#[must_use]
pub fn is_trial(environment: &Name) -> bool {
    matches!(environment.as_str(), "local" | "ci")
}
