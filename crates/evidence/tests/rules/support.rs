//! Facts from a few words. A capital letter names an image: its digest and its commit.

use evidence::rules::{
    CiFact, DeploymentFact, Finding, PublicationFact, RuntimeFact, SmokeFact, TagFact, TagSource,
};
use evidence::{CommitSha, DeploymentId, DeploymentMode, Digest, Name, Outcome, Tag};

/// Facts are a minute apart: `30` is half past the first hour.
pub const MINUTE: i64 = 60_000_000;

pub fn digest(image: &str) -> Digest {
    Digest::of(image.as_bytes())
}

pub fn commit(image: &str) -> CommitSha {
    digest(image).encoded()[..40].parse().unwrap()
}

/// The SHA-256 of a fact's words stands in for its document's.
pub fn document(words: &str) -> String {
    digest(words).encoded().to_owned()
}

pub fn name(text: &str) -> Name {
    text.parse().unwrap()
}

pub fn tag(text: &str) -> Tag {
    text.parse().unwrap()
}

pub fn outcome(word: &str) -> Outcome {
    serde_json::from_value(word.into()).unwrap()
}

/// The parts of a line that `;` separates, without those that say nothing.
fn parts(line: &str) -> impl Iterator<Item = (&str, Vec<&str>)> {
    let parts = line.split(';').map(str::trim).filter(|part| !part.is_empty());
    parts.map(|part| (part, part.split(' ').collect()))
}

fn minute(text: &str) -> i64 {
    text.parse::<i64>().unwrap() * MINUTE
}

/// `10 success; 20 failure`
pub fn ci(line: &str) -> Vec<CiFact> {
    let fact = |(part, words): (&str, Vec<&str>)| CiFact {
        concluded_at: minute(words[0]),
        outcome: outcome(words[1]),
        evidence: document(&format!("ci {part}")),
    };
    parts(line).map(fact).collect()
}

/// `10 success; 20 failure`
pub fn smokes(line: &str) -> Vec<SmokeFact> {
    let fact = |(part, words): (&str, Vec<&str>)| SmokeFact {
        at: minute(words[0]),
        outcome: outcome(words[1]),
        evidence: document(&format!("smoke {part}")),
    };
    parts(line).map(fact).collect()
}

/// `10 A v1.2.3`: published at 10 as that tag.
pub fn publications(line: &str) -> Vec<PublicationFact> {
    let fact = |(part, words): (&str, Vec<&str>)| PublicationFact {
        repository: "registry.example/shop".to_owned(),
        tags: words[2..].iter().map(|text| tag(text)).collect(),
        digest: digest(words[1]),
        commit: commit(words[1]),
        at: minute(words[0]),
        evidence: document(&format!("published {part}")),
    };
    parts(line).map(fact).collect()
}

/// `10 published A; 20 observed B; 30 observed gone`
pub fn tags(line: &str) -> Vec<TagFact> {
    let fact = |(part, words): (&str, Vec<&str>)| TagFact {
        at: minute(words[0]),
        source: if words[1] == "observed" { TagSource::Observed } else { TagSource::Published },
        digest: (words[2] != "gone").then(|| digest(words[2])),
        evidence: document(&format!("tag {part}")),
    };
    parts(line).map(fact).collect()
}

/// `10-20 A prod success`, `10- A prod`, with an optional reference or mode: `10-20 A prod success by=shop:latest mode=rollback`.
/// The image `-` is a process without a digest.
pub fn deployments(line: &str) -> Vec<DeploymentFact> {
    let fact = |(part, words): (&str, Vec<&str>)| {
        let (started, finished) = words[0].split_once('-').unwrap();
        let option = |key: &str| words.iter().find_map(|word| word.strip_prefix(key));
        let ended = words.get(3).filter(|word| !word.contains('=')).map(|word| outcome(word));
        let evidence = document(&format!("deployment {part}"));
        DeploymentFact {
            id: DeploymentId::of_evidence(&evidence),
            service: name("web"),
            environment: name(words[2]),
            digest: (words[1] != "-").then(|| digest(words[1])),
            commit: commit(words[1]),
            reference: option("by=").map(|text| text.replace("{A}", digest("A").as_str())),
            mode: option("mode=")
                .map_or(DeploymentMode::Deploy, |text| serde_json::from_value(text.into()).unwrap()),
            outcome: ended,
            started_at: minute(started),
            finished_at: (!finished.is_empty()).then(|| minute(finished)),
            evidence,
        }
    };
    parts(line).map(fact).collect()
}

/// `30 A` says its digest and commit, `30 digest=A` and `30 commit=A` one of both, `30 nothing` neither, `30 down`
/// does not answer.
pub fn observations(line: &str) -> Vec<RuntimeFact> {
    let fact = |(part, words): (&str, Vec<&str>)| {
        let silent = matches!(words[1], "down" | "nothing");
        let (what, image) = words[1].split_once('=').unwrap_or(("both", words[1]));
        RuntimeFact {
            reachable: words[1] != "down",
            digest: (!silent && what != "commit").then(|| digest(image)),
            commit: (!silent && what != "digest").then(|| commit(image)),
            at: minute(words[0]),
            evidence: document(&format!("runtime {part}")),
        }
    };
    parts(line).map(fact).collect()
}

/// Findings as a table says them: `code image from..to`, joined by `; `.
pub fn told(findings: &[Finding]) -> String {
    let letter = |digest: &Digest| ["A", "B", "C"].into_iter().find(|image| self::digest(image) == *digest);
    let line = |finding: &Finding| {
        let image = finding.digest.as_ref().map_or(Some("-"), letter).unwrap();
        let until = finding.resolved_at.map(|at| (at / MINUTE).to_string()).unwrap_or_default();
        format!("{} {image} {}..{until}", finding.code, finding.opened_at / MINUTE)
    };
    findings.iter().map(line).collect::<Vec<_>>().join("; ")
}

/// What is true of every finding, whatever it says.
pub fn check_form(findings: &[Finding]) {
    let mut keys: Vec<_> = findings.iter().map(|finding| &finding.key).collect();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), findings.len(), "two findings have one key: {findings:#?}");
    for finding in findings {
        assert!(finding.evidence.is_sorted() && !finding.evidence.is_empty(), "{finding:#?}");
        assert!(finding.message.ends_with('.') && !finding.subject.is_empty(), "{finding:#?}");
        assert!(finding.resolved_at.is_none_or(|at| at >= finding.opened_at), "{finding:#?}");
        assert!(evidence::rules::code::ALL.contains(&finding.code), "{finding:#?}");
    }
}
