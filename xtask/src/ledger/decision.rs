//! The ledger's answer to whether a digest may go somewhere.

use super::call::{Method, Stumble};
use super::client::{Ledger, Request, Trouble};
use super::exchange::encoded;
use super::right::Right;
use evidence::{Digest, Name};
use serde::Deserialize;

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The digest that shall be deployed.
    pub digest: &'a Digest,
    /// Where to.
    pub environment: &'a Name,
    /// As which service: its database's schema is looked at.
    pub service: &'a Name,
    /// The reference that it shall be deployed by; none: by its digest.
    pub reference: Option<&'a str>,
}

/// The answer.
#[derive(Clone, Debug)]
pub struct Decision {
    /// What blocks, and then what else was looked at. It may where nothing blocks.
    pub reasons: Vec<Reason>,
    /// So many documents are recorded and not looked at yet: the answer may still change by itself.
    pub pending: u64,
}

/// One thing that was looked at. The codes may be more than this program knows.
#[derive(Clone, Debug, Deserialize)]
pub struct Reason {
    /// The rule that it follows from, if one does.
    pub rule: Option<String>,
    /// What it says.
    pub code: String,
    /// Whether it is against it.
    pub blocks: bool,
    /// The same for people.
    pub message: String,
}

#[derive(Deserialize)]
struct Body {
    verdict: Answer,
    digest: Digest,
    environment: Name,
    reasons: Vec<Reason>,
    #[serde(default)]
    pending: u64,
}

#[derive(PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    Allow,
    Deny,
}

impl Ledger {
    /// Whether a digest may go somewhere.
    pub fn decide(&mut self, question: &Question<'_>) -> Result<Decision, Trouble> {
        let Question { digest, environment, service, reference } = question;
        let mut path = format!(
            "/v1/decisions?project={}&digest={}&env={environment}&service={service}",
            self.project,
            encoded(digest.as_str())
        );
        if let Some(reference) = reference {
            path += &format!("&ref={}", encoded(reference));
        }
        let right = Right::Read((*environment).clone());
        let request = Request { method: Method::Get, path, body: String::new(), right };
        self.ask(&request, |answer, redactor| {
            (answer.status == 200).then(|| {
                let Body { verdict, digest, environment, mut reasons, pending } = answer.json()?;
                if digest != *question.digest || environment != *question.environment {
                    let why = format!("the answer is about {} and {environment}", digest.short());
                    return Err(Stumble::Cut(why, None));
                }
                if (verdict == Answer::Allow) == reasons.iter().any(|reason| reason.blocks) {
                    return Err(Stumble::Cut("the answer contradicts its own reasons".to_owned(), None));
                }
                for reason in &mut reasons {
                    reason.message = redactor.clean(&reason.message);
                }
                Ok(Decision { reasons, pending })
            })
        })
    }
}
