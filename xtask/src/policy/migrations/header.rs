//! The comments that a migration begins with.

use super::names::{Name, finding};
use super::rules::{FIRST_LINE, HEADER};
use crate::policy::finding::Finding;

/// What they say.
#[derive(Clone, Debug, Default)]
pub struct Header {
    /// The file runs outside a transaction.
    pub no_transaction: bool,
    /// The first release whose program does not use what goes, with its line.
    pub unused_since: Option<(usize, String)>,
    /// Names that the release's SQL says of other things: line, name, why.
    pub mentioned: Vec<(usize, String, String)>,
}

const NO_TRANSACTION: &str = "-- no-transaction";
const KEYS: [&str; 3] = ["contract", "reviewed-by", "unused-since"];
const MENTIONED: &str = "mentioned-but-unused";

impl Header {
    /// Reads them, and says what is missing in them or is too much.
    pub fn read(path: &str, name: &Name, text: &str) -> (Self, Vec<Finding>) {
        let mut header =
            Self { no_transaction: text.lines().next() == Some(NO_TRANSACTION), ..Self::default() };
        let mut findings = Vec::new();
        let mut seen: Vec<&str> = Vec::new();
        let mut wrong = |line: usize, what: String| findings.push(finding(&HEADER, path, line, what));
        let comments = text.lines().enumerate().map(|(at, line)| (at + 1, line.trim()));
        for (line, text) in comments.take_while(|(_, text)| text.is_empty() || text.starts_with("--")) {
            let said = text.trim_start_matches('-').trim_start().split_once(':');
            let Some((key, value)) = said.map(|(key, value)| (key.trim(), value.trim())) else { continue };
            let Some(key) = KEYS.into_iter().chain([MENTIONED]).find(|known| *known == key) else { continue };
            if !name.is_contract() {
                wrong(line, format!("-- {key}: in a file that is not named {:04}_contract_…", name.number));
            } else if value.is_empty() {
                wrong(line, format!("-- {key}: says nothing"));
            } else if key == MENTIONED {
                match value.split_once(char::is_whitespace) {
                    Some((name, why)) => {
                        header.mentioned.push((line, name.to_lowercase(), why.trim().to_owned()));
                    }
                    None => wrong(line, format!("-- {MENTIONED}: {value} does not say why")),
                }
            } else if key == "unused-since" {
                header.unused_since = Some((line, value.to_owned()));
            }
            seen.push(key);
        }
        if name.is_contract() {
            for key in KEYS.into_iter().filter(|key| !seen.contains(key)) {
                wrong(1, format!("no line -- {key}:"));
            }
        }
        for (at, line) in text.lines().enumerate() {
            let spelt = line.trim().trim_start_matches('-').trim_start().to_lowercase();
            let meant = line.trim().starts_with("--") && spelt.starts_with("no-transaction");
            if meant && !(at == 0 && header.no_transaction) {
                findings.push(finding(&FIRST_LINE, path, at + 1, format!("{:?} has no effect here", line)));
            }
        }
        (header, findings)
    }
}
