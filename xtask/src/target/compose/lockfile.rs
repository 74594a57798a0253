//! The digest-locked override: what actually runs, whatever the tag names by now.

use crate::target::image::Pinned;
use evidence::Name;
use std::fmt::Write as _;

/// The services that run the application's image.
const SERVICES: &[&str] = &["migrate", "web", "web-next", "worker"];

/// A Compose file that fixes the image of all of these services in `file` to one digest. Nothing is pulled by it: the digest
/// was pulled and looked at before.
pub fn core(image: &Pinned, environment: &Name) -> String {
    of(SERVICES, image, environment)
}

/// The same for the file of the workers on other hosts.
pub fn workers(image: &Pinned, environment: &Name) -> String {
    of(&["worker"], image, environment)
}

fn of(services: &[&str], image: &Pinned, environment: &Name) -> String {
    let mut text = format!(
        "# Written by `cargo xtask deploy`: {} in {environment}, by its digest.\nservices:\n",
        image.version
    );
    let reference = image.reference.as_ref().unwrap_or(&image.repository);
    for service in services {
        // Names, digests and references have no character that YAML would take for something else inside of quotes.
        let _ = write!(
            text,
            "  {service}:\n    image: \"{by_digest}\"\n    pull_policy: never\n    environment:\n      \
             PORTBOOK_ENVIRONMENT: \"{environment}\"\n      PORTBOOK_IMAGE_DIGEST: \"{digest}\"\n      \
             PORTBOOK_IMAGE_REFERENCE: \"{reference}@{digest}\"\n",
            by_digest = image.by_digest(),
            digest = image.digest,
        );
    }
    text
}
