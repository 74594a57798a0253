//! Actions are named by a commit, and people are told which version that is.

use super::Finding;
use super::model::Document;

/// Every foreign action is pinned, and its version stands beside it.
pub fn check(document: &Document, findings: &mut Vec<Finding>) {
    for (uses, place) in document.all_uses() {
        if uses.starts_with("./") {
            continue;
        }
        let mut report = |what: String, expected: &str, mend: &str| {
            findings.push(document.finding(&place, "pin", what, expected, mend));
        };
        let is_hex = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'a'..=b'f'));
        if let Some(image) = uses.strip_prefix("docker://") {
            let digest = image.split_once("@sha256:").map(|(_, digest)| digest);
            if !digest.is_some_and(|digest| digest.len() == 64 && is_hex(digest)) {
                report(
                    format!("{uses} can become another image"),
                    "docker://IMAGE@sha256:DIGEST",
                    "put the digest that `docker buildx imagetools inspect IMAGE` prints in place of the tag",
                );
            }
            continue;
        }
        let pin = uses.rsplit_once('@').map_or("", |(_, pin)| pin);
        if pin.len() != 40 || !is_hex(pin) {
            report(
                format!("{uses} can become other code: a tag or branch can be moved"),
                "OWNER/ACTION@ the commit's 40 hexadecimal digits # its version",
                "put what `git ls-remote https://github.com/OWNER/ACTION TAG` prints behind the @, the tag behind a #",
            );
            continue;
        }
        let comment = document.line(&place).split_once(" #").map_or("", |(_, comment)| comment.trim());
        let version = comment.strip_prefix('v').unwrap_or_default();
        if !version.starts_with(|c: char| c.is_ascii_digit()) {
            report(
                format!("{uses} does not say which version that is"),
                "a comment on the same line that begins with the version, such as `# v7.0.1`",
                "add the version; `git ls-remote --tags https://github.com/OWNER/ACTION` shows which one it is",
            );
        }
    }
}
