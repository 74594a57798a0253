//! One line of `tags:`.

use super::Refusal;
use super::csv;
use super::template::Template;
use crate::error::nearest;
use std::collections::BTreeMap;
use std::fmt;

/// What a rule makes tags of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Scheduled runs.
    Schedule,
    /// A git tag, or a value, that is a semantic version.
    Semver,
    /// A git tag, or a value, that is a version as PEP 440 has it.
    Pep440,
    /// What a regular expression finds in a git tag or a value.
    Match,
    /// The last commit of a branch.
    Edge,
    /// The branch's, git tag's or pull request's own name.
    Ref,
    /// A value as it stands.
    Raw,
    /// The commit.
    Sha,
    /// The next free number. This one is ours.
    Sequence,
}

/// Every type: its name, its default priority.
const KINDS: [(&str, Kind, i64); 9] = [
    ("schedule", Kind::Schedule, 1000),
    ("semver", Kind::Semver, 900),
    ("pep440", Kind::Pep440, 900),
    ("match", Kind::Match, 800),
    ("edge", Kind::Edge, 700),
    ("ref", Kind::Ref, 600),
    ("sequence", Kind::Sequence, 500),
    ("raw", Kind::Raw, 200),
    ("sha", Kind::Sha, 100),
];

/// One rule, its attributes checked and its defaults filled in.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The line as it was written.
    pub line: String,
    /// Its type.
    pub kind: Kind,
    /// Higher ones come first.
    pub priority: f64,
    attributes: BTreeMap<String, String>,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line)
    }
}

impl Rule {
    /// Reads one line.
    ///
    /// # Errors
    /// Names the line and what is wrong with it.
    pub fn parse(line: &str) -> Result<Self, Refusal> {
        let wrong = |what: String| Refusal::Rules(format!("tags: {line}: {what}"));
        let mut kind = Kind::Raw;
        let mut attributes = BTreeMap::new();
        for field in csv::fields(line).map_err(&wrong)? {
            let (key, value) = csv::key_value(&field);
            match key.as_deref() {
                Some("type") => {
                    kind = KINDS
                        .iter()
                        .find(|(name, ..)| *name == value)
                        .map(|(_, kind, _)| *kind)
                        .ok_or_else(|| {
                            let meant = nearest(value, KINDS.iter().map(|(name, ..)| *name));
                            let meant =
                                meant.map(|meant| format!(" (did you mean {meant}?)")).unwrap_or_default();
                            wrong(format!("there is no type {value:?}{meant}"))
                        })?;
                }
                Some(key) => drop(attributes.insert(key.to_owned(), value.to_owned())),
                None => drop(attributes.insert("value".to_owned(), value.to_owned())),
            }
        }
        let default = KINDS.iter().find(|(_, known, _)| *known == kind).map_or(0, |(.., priority)| *priority);
        let priority = match attributes.get("priority") {
            Some(text) => text
                .parse::<f64>()
                .ok()
                .filter(|number| number.is_finite())
                .ok_or_else(|| wrong(format!("priority {text:?} is not a number")))?,
            None => default as f64,
        };
        let mut rule = Self { line: line.to_owned(), kind, priority, attributes };
        rule.fill_in().map_err(wrong)?;
        Ok(rule)
    }

    /// Fills in what the type has by default, and checks what it must have.
    fn fill_in(&mut self) -> Result<(), String> {
        let must = |rule: &Self, key: &str| match rule.attribute(key) {
            Some(_) => Ok(()),
            None => Err(format!("this type needs {key}=…")),
        };
        match self.kind {
            Kind::Schedule => self.default("pattern", "nightly"),
            Kind::Semver | Kind::Pep440 => must(self, "pattern")?,
            Kind::Match => {
                must(self, "pattern")?;
                self.default("group", "0");
                let group = self.get("group");
                if !group.is_empty() && group.parse::<f64>().is_err() {
                    return Err(format!("group {group:?} is not a number"));
                }
            }
            Kind::Edge => {}
            Kind::Ref => {
                must(self, "event")?;
                match self.get("event") {
                    "branch" | "tag" => {}
                    "pr" => self.default("prefix", "pr-"),
                    other => return Err(format!("event {other:?} is none of branch, tag, pr")),
                }
            }
            Kind::Raw => must(self, "value")?,
            Kind::Sha => {
                self.default("prefix", "sha-");
                self.default("format", "short");
                if !matches!(self.get("format"), "short" | "long") {
                    return Err(format!("format {:?} is none of short, long", self.get("format")));
                }
            }
            Kind::Sequence => {
                must(self, "pattern")?;
                if Template::parse(self.get("pattern"))?.count("n") != 1 {
                    return Err("the pattern of a sequence has {{n}} exactly once".to_owned());
                }
            }
        }
        self.default("enable", "true");
        if let Some(floating) = self.attribute("floating").filter(|text| !matches!(*text, "true" | "false")) {
            return Err(format!("floating {floating:?} is none of true, false"));
        }
        Ok(())
    }

    fn default(&mut self, key: &str, value: &str) {
        self.attributes.entry(key.to_owned()).or_insert_with(|| value.to_owned());
    }

    /// An attribute's value; an empty one is one.
    pub fn attribute(&self, key: &str) -> Option<&str> {
        self.attributes.get(key).map(String::as_str)
    }

    /// An attribute's value, empty where there is none.
    pub fn get(&self, key: &str) -> &str {
        self.attribute(key).unwrap_or_default()
    }
}

/// All rules in the order in which they make tags: by priority, then as they were written.
///
/// # Errors
/// That of the first line that is wrong.
pub fn parse_all(lines: &[String]) -> Result<Vec<Rule>, Refusal> {
    const DEFAULT: [&str; 4] =
        ["type=schedule", "type=ref,event=branch", "type=ref,event=tag", "type=ref,event=pr"];
    let mut rules = if lines.is_empty() {
        DEFAULT.iter().map(|line| Rule::parse(line)).collect::<Result<Vec<_>, _>>()?
    } else {
        lines.iter().map(|line| Rule::parse(line)).collect::<Result<Vec<_>, _>>()?
    };
    rules.sort_by(|a, b| b.priority.total_cmp(&a.priority));
    Ok(rules)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_the_documented_ones() {
        for (line, priority, attributes) in [
            ("type=schedule", 1000.0, vec![("pattern", "nightly"), ("enable", "true")]),
            ("type=semver,pattern={{version}}", 900.0, vec![("pattern", "{{version}}")]),
            ("type=pep440,pattern={{major}},value=v1", 900.0, vec![("value", "v1")]),
            (r#"type=match,"pattern=\d{1,2}""#, 800.0, vec![("pattern", r"\d{1,2}"), ("group", "0")]),
            ("type=edge", 700.0, vec![("branch", "")]),
            ("type=ref,event=pr", 600.0, vec![("prefix", "pr-")]),
            ("type=ref,event=pr,prefix=", 600.0, vec![("prefix", "")]),
            ("type=raw,foo", 200.0, vec![("value", "foo")]),
            ("foo", 200.0, vec![("value", "foo")]),
            ("type=sha", 100.0, vec![("prefix", "sha-"), ("format", "short")]),
            ("type=sha,priority=12.5", 12.5, vec![]),
            ("TYPE=raw,VALUE=Foo", 200.0, vec![("value", "Foo")]),
        ] {
            let rule = Rule::parse(line).unwrap();
            assert_eq!(rule.priority, priority, "{line}");
            for (key, value) in attributes {
                assert_eq!(rule.get(key), value, "{line}");
            }
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (line, word) in [
            ("type=foo", "no type"),
            ("type=sematver,pattern=x", "did you mean semver?"),
            ("type=semver", "pattern"),
            ("type=match", "pattern"),
            ("type=match,pattern=v(.*),group=foo", "group"),
            ("type=ref", "event"),
            ("type=ref,event=foo", "branch, tag, pr"),
            ("type=raw", "value"),
            ("type=sha,format=foo", "short, long"),
            ("type=sequence,pattern=test", "{{n}}"),
            ("type=sha,priority=high", "not a number"),
            ("type=sha,floating=maybe", "floating"),
            (r#"type=raw,"value=x"y"#, "quotes"),
        ] {
            let error = Rule::parse(line).unwrap_err().to_string();
            assert!(error.contains(word) && error.contains("tags:"), "{line}: {error}");
        }
    }

    #[test]
    fn rules_are_ordered_by_priority_and_keep_their_order_within_one() {
        let order = |lines: &[&str]| {
            let lines: Vec<_> = lines.iter().map(|&line| line.to_owned()).collect();
            parse_all(&lines).unwrap().iter().map(|rule| rule.line.clone()).collect::<Vec<_>>()
        };
        assert_eq!(
            order(&["type=sha", "b", "a", "type=sha,priority=2000", "type=edge"]),
            ["type=sha,priority=2000", "type=edge", "b", "a", "type=sha"]
        );
        assert_eq!(order(&[]).len(), 4);
    }
}
