//! The ingress, asked inside of it: what the environment remembers, and who serves.

use super::docker::does_not_answer;
use super::{CORE, Compose, script};
use crate::error::Problem;
use crate::process::Said;
use crate::target::state::Document;
use crate::target::{Answer, Mark, Slot};
use anyhow::{Result, anyhow};
use base64::Engine as _;
use evidence::Digest;
use std::time::Duration;

/// The exit code of a script that found another document than it was told.
const OVERTAKEN: i32 = 64;

impl Compose {
    /// Runs a script in the ingress; none where the environment has no containers at all.
    pub(super) fn script_if_any(&self, script: &str, args: &[&str]) -> Result<Option<Said>> {
        let name = self.name_of("ingress");
        let call = [&["exec", "--user", "0", &name, "bash", "-c", script, "xtask"], args].concat();
        let limit = Duration::from_secs(40);
        let Some(said) = self.docker.call(&call, limit)? else {
            return Err(self.docker.silent(limit).into());
        };
        // What `docker` itself says, and not the script.
        let of_docker =
            said.stderr.starts_with("Error response from daemon") || does_not_answer(&said.stderr);
        let refused = said.code != Some(0) && of_docker;
        let absent = ["No such container", "is not running", "is restarting"];
        let absent = absent.iter().any(|words| said.stderr.contains(words));
        match (refused, absent) {
            (false, _) => Ok(Some(said)),
            (true, true) if self.project_is_empty()? => Ok(None),
            (true, true) => Err(self.no_ingress().into()),
            (true, false) => Err(self.docker.trouble(&["exec"], &said).into()),
        }
    }

    pub(super) fn script(&self, script: &str, args: &[&str]) -> Result<Said> {
        self.script_if_any(script, args)?.ok_or_else(|| self.no_ingress().into())
    }

    fn no_ingress(&self) -> Problem {
        let up = ["compose", "-p", &self.project, "-f", CORE, "up", "-d", "--no-build", "ingress"];
        Problem::missing(format!(
            "the ingress of {} does not run, and it keeps what the environment remembers",
            self.environment.name
        ))
        .next(self.docker.line(&up, &["IMAGE_TAG"]))
    }

    /// Replaces the document, if it is still the marked one, and sends requests to a slot in one go with it.
    pub(super) fn replace(&self, mark: &Mark, document: &Document, to: Option<Slot>) -> Result<Option<Mark>> {
        let text = serde_json::to_string(document)?;
        let encoded = base64::engine::general_purpose::STANDARD.encode(&text);
        let said = self.script(&script::replace(), &[&mark.0, &encoded, to.map_or("", Slot::name)])?;
        match said.code {
            Some(0) => Ok(Some(mark_of(&text))),
            Some(OVERTAKEN) => Ok(None),
            _ => Err(anyhow!("what {} remembers cannot be written: {}", self.environment.name, said.stderr)),
        }
    }
}

/// Which state of the document this text is.
pub(super) fn mark_of(text: &str) -> Mark {
    Mark(Digest::of(text.as_bytes()).as_str().trim_start_matches("sha256:").to_owned())
}

/// An HTTP answer as it came.
pub(super) fn answer_of(text: &str) -> Option<Answer> {
    let text = text.trim_start_matches('\n');
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
    let status = head.lines().next()?.split(' ').nth(1)?.parse().ok()?;
    Some(Answer { status, body: body.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_taken_apart() {
        let answer = answer_of("HTTP/1.1 503 Service Unavailable\r\na: b\r\n\r\nno\r\n\r\nserver").unwrap();
        assert_eq!((answer.status, answer.body.as_str()), (503, "no\r\n\r\nserver"));
        assert!(answer_of("").is_none() && answer_of("SSH-2.0").is_none());
    }

    #[test]
    fn a_document_that_is_not_there_has_the_mark_of_nothing() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(mark_of("").0, empty);
    }
}
