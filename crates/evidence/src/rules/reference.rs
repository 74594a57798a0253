//! R3: production on a floating or unpinned reference.

use super::decide::{Reason, speaks};
use super::fact::DeploymentFact;
use super::finding::{Finding, Rule, sorted};
use super::tag::is_immutable;
use super::{Policy, code};
use crate::{Digest, ImageRef, Name};

/// What a reference is worth.
enum Pin {
    /// It names one image for ever; in words.
    Pinned(String),
    /// It does not: the code and, in words, why.
    Loose(&'static str, String),
}

/// Whether a reference, or the digest where there is none, names one image for ever.
fn judge(reference: Option<&str>, digest: Option<&Digest>) -> Pin {
    let Some(text) = reference else {
        return match digest {
            Some(digest) => Pin::Pinned(format!("the digest {}", digest.short())),
            None => Pin::Loose(code::UNPINNED_REFERENCE, "neither a reference nor a digest".to_owned()),
        };
    };
    if pinned_digest(text).is_some() {
        return Pin::Pinned(format!("{text}, which is a digest"));
    }
    match text.parse::<ImageRef>() {
        Err(error) => Pin::Loose(code::UNPINNED_REFERENCE, error.to_string()),
        Ok(ImageRef { tag: Some(tag), .. }) if is_immutable(&tag) => {
            Pin::Pinned(format!("{text}, whose tag never moves"))
        }
        Ok(ImageRef { tag: Some(tag), .. }) => {
            Pin::Loose(code::FLOATING_REFERENCE, format!("{text}, and the tag {tag} can move"))
        }
        Ok(_) => Pin::Loose(code::FLOATING_REFERENCE, format!("{text} without a tag, which is `latest`")),
    }
}

/// The digest that a reference names, as `repository@digest` or alone.
fn pinned_digest(reference: &str) -> Option<Digest> {
    reference.parse::<Digest>().ok().or_else(|| reference.parse::<ImageRef>().ok()?.digest)
}

/// R3 before a deployment, or before what was deployed starts: whether an environment takes an image by this reference,
/// which must not name another digest than is known of the image. None where nothing is asked of references.
pub fn reason_of_reference(
    policy: &Policy,
    environment: &Name,
    reference: Option<&str>,
    digest: Option<&Digest>,
) -> Option<Reason> {
    if let (Some(named), Some(digest)) = (reference.and_then(pinned_digest), digest)
        && named != *digest
    {
        let message =
            format!("The reference names {}, and the question is about {}.", named.short(), digest.short());
        return Some(Reason { blocks: true, ..speaks(None, code::OTHER_DIGEST, message) });
    }
    policy.is_production(environment).then(|| match judge(reference, digest) {
        Pin::Pinned(by) => speaks(Some(Rule::R3), code::PINNED_REFERENCE, format!("It is deployed by {by}.")),
        Pin::Loose(code, why) => Reason {
            blocks: true,
            ..speaks(Some(Rule::R3), code, format!("It would be deployed by {why}; name the digest instead."))
        },
    })
}

/// R3: a deployment to production by a tag that can move, or by nothing that names an image. One that failed or was
/// stopped is none.
pub fn production_reference(policy: &Policy, deployment: &DeploymentFact) -> Option<Finding> {
    if !policy.is_production(&deployment.environment) || !deployment.may_run() {
        return None;
    }
    let Pin::Loose(code, why) = judge(deployment.reference.as_deref(), deployment.digest.as_ref()) else {
        return None;
    };
    let cell = deployment.cell();
    Some(Finding {
        rule: Rule::R3,
        code,
        key: deployment.id.to_string(),
        message: format!("{cell} was deployed by {why}."),
        subject: cell,
        environment: Some(deployment.environment.clone()),
        service: Some(deployment.service.clone()),
        digest: deployment.digest.clone(),
        commit: Some(deployment.commit.clone()),
        opened_at: deployment.started_at,
        resolved_at: None,
        evidence: sorted([&deployment.evidence]),
    })
}
