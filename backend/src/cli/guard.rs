//! Nothing starts in production by a reference that can move: the ledger obeys the rule that it judges others by.

use super::Failure;
use crate::config::{BuildConfig, DeployedConfig};
use evidence::rules::{Policy, reason_of_reference};

/// Refuses what R3 would find fault with. Where nobody says which environment this is, nothing is asked.
pub(super) fn check(deployed: &DeployedConfig, build: &BuildConfig) -> Result<(), Failure> {
    let policy = Policy::default();
    let Some(environment) = deployed.environment.as_ref().filter(|name| policy.is_production(name)) else {
        return Ok(());
    };
    let (reference, digest) = (deployed.reference.as_deref(), build.image_digest.as_ref());
    let Some(reason) =
        reason_of_reference(&policy, environment, reference, digest).filter(|reason| reason.blocks)
    else {
        return Ok(());
    };
    let rule = reason.rule.map_or_else(String::new, |rule| format!("{}, ", rule.as_str()));
    Err(Failure::Refused(format!(
        "this is {environment} by PORTBOOK_ENVIRONMENT, and refuses PORTBOOK_IMAGE_REFERENCE ({rule}{}). {} Write \
         <repository>@sha256:<digest> there, and where the image is named",
        reason.code, reason.message
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(environment: &str, reference: Option<&str>, digest: Option<char>) -> Result<(), String> {
        let deployed = DeployedConfig {
            environment: environment.parse().ok(),
            reference: reference.map(|text| text.replace("{a}", &format!("sha256:{}", "a".repeat(64)))),
        };
        let digest = digest.map(|digit| format!("sha256:{}", digit.to_string().repeat(64)));
        let build = BuildConfig { image_digest: digest.map(|text| text.parse().unwrap()), commit: None };
        check(&deployed, &build).map_err(|failure| {
            assert!(matches!(failure, Failure::Refused(_)));
            failure.to_string()
        })
    }

    #[test]
    fn production_starts_only_by_what_never_moves() {
        for (reference, digest, code) in [
            (Some("ghcr.io/octo/portbook:latest"), None, Some("R3, floating-reference")),
            (Some("ghcr.io/octo/portbook:latest"), Some('a'), Some("R3, floating-reference")),
            (Some("ghcr.io/octo/portbook:main"), None, Some("R3, floating-reference")),
            (Some("ghcr.io/octo/portbook"), None, Some("R3, floating-reference")),
            (Some("no reference"), None, Some("R3, unpinned-reference")),
            (None, None, Some("R3, unpinned-reference")),
            (Some("ghcr.io/octo/portbook@{a}"), Some('b'), Some("other-digest")),
            (None, Some('a'), None),
            (Some("ghcr.io/octo/portbook@{a}"), Some('a'), None),
            (Some("ghcr.io/octo/portbook:latest@{a}"), None, None),
            (Some("ghcr.io/octo/portbook:v1.2.3"), None, None),
        ] {
            let refused = checked("prod", reference, digest);
            match code {
                None => assert_eq!(refused, Ok(()), "{reference:?}"),
                Some(code) => {
                    assert!(refused.clone().unwrap_err().contains(code), "{reference:?}: {refused:?}")
                }
            }
            for elsewhere in ["staging", "local", ""] {
                assert_eq!(checked(elsewhere, reference, digest), Ok(()), "{elsewhere:?}: {reference:?}");
            }
        }
    }
}
