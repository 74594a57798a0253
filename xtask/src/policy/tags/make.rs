//! Making tags: every rule in turn, then what holds for all of them.

use super::template::{Dates, Scope, Template};
use super::{Facts, Kind, Latest, Refusal, Rule, Rules, TagChoice, TagSet, labels, legal};
use crate::policy::event::{self, Event};
use crate::policy::refs;
use std::collections::BTreeMap;

/// What a rule makes of an event.
pub(super) struct Made {
    /// The tag before it is made legal.
    pub text: String,
    /// Whether such a tag brings `latest` along.
    pub latest: bool,
    pub floating: bool,
    /// What it was made of.
    pub from: String,
}

/// A rule's answer: what it made, or why it made nothing.
pub(super) type Answer = Result<Result<Made, String>, Refusal>;

pub(super) struct TagMaker<'a> {
    pub(super) rules: &'a Rules,
    pub(super) event: &'a Event,
    pub(super) facts: &'a Facts<'a>,
    pub(super) scope: Scope<'a>,
    set: TagSet,
    /// Every tag's text before it was made legal.
    texts: BTreeMap<String, String>,
}

impl<'a> TagMaker<'a> {
    pub fn new(rules: &'a Rules, event: &'a Event, facts: &'a Facts<'a>) -> Self {
        let scope = Scope { values: values(event, facts), dates: Some(dates(facts)) };
        Self { rules, event, facts, scope, set: TagSet::default(), texts: BTreeMap::new() }
    }

    pub fn run(mut self) -> Result<TagSet, Refusal> {
        let mut latest = None;
        let rules = self.rules;
        for rule in &rules.tags {
            let answer = self.ask(rule).map_err(|refusal| match refusal {
                Refusal::Rules(what) => Refusal::Rules(format!("tags: {rule}: {what}")),
                policy => policy,
            })?;
            match answer {
                Err(nothing) => self.set.why.push(format!("{rule}: {nothing}")),
                Ok(made) => {
                    let with_latest = match rules.flavor.latest {
                        Latest::Auto => made.latest,
                        Latest::Yes => true,
                        Latest::No => false,
                    };
                    if !made.text.is_empty() {
                        latest.get_or_insert(with_latest);
                        self.add(rule.line.clone(), made)?;
                    }
                }
            }
        }
        if latest == Some(true) {
            let text = rules.flavor.latest_tag();
            let from = "what comes first brings it along".to_owned();
            self.add("flavor".to_owned(), Made { text, latest: true, floating: true, from })?;
        }
        self.set.version = self.set.tags.first().map(|choice| choice.tag.to_string()).unwrap_or_default();
        let latest = legal::tag(&rules.flavor.latest_tag());
        self.set.latest = self
            .set
            .tags
            .iter()
            .any(|choice| choice.tag.as_str() == "latest" || Some(&choice.tag) == latest.as_ref());
        self.set.labels = labels::all(&rules.labels, &self.scope, self.event, self.facts, &self.set.version)?;
        Ok(self.set)
    }

    /// Puts a tag into the set, unless it is there, not legal, or not this event's to have.
    fn add(&mut self, rule: String, made: Made) -> Result<(), Refusal> {
        let Some(tag) = legal::tag(&made.text) else {
            self.set.why.push(format!("{rule}: nothing legal is left of {}", event::shown(&made.text)));
            return Ok(());
        };
        let latest =
            tag.as_str() == "latest" || Some(&tag) == legal::tag(&self.rules.flavor.latest_tag()).as_ref();
        if latest && self.event.tag().is_none() && !self.event.on_default_branch() {
            let branch = event::shown(&self.event.reference);
            self.set.why.push(format!(
                "{rule}: {tag} is held back: it comes from the default branch alone, and this is {branch}"
            ));
            return Ok(());
        }
        if names_another_commit(tag.as_str(), &self.event.sha) {
            return Err(Refusal::Policy(format!(
                "{rule}: {tag} would pass for the tag of another commit than {}",
                self.event.sha
            )));
        }
        match self.texts.get(tag.as_str()) {
            Some(text) if *text == made.text => {
                self.set.why.push(format!("{rule}: {tag} again"));
                return Ok(());
            }
            Some(text) => {
                return Err(Refusal::Policy(format!(
                    "{} and {} would both become the tag {tag}: rename one of them",
                    event::shown(text),
                    event::shown(&made.text)
                )));
            }
            None => drop(self.texts.insert(tag.to_string(), made.text.clone())),
        }
        // Whatever brings it, `latest` is under the guard of floating tags.
        let floating = made.floating || latest;
        let kind = if floating { "floating" } else { "for ever" };
        let mended = if made.text == tag.as_str() { "" } else { ", made legal" };
        let why = format!("{}{mended}, {kind}", made.from);
        self.set.why.push(format!("{rule}: {tag}: {why}"));
        self.set.tags.push(TagChoice { tag, floating, rule, why });
        Ok(())
    }

    fn ask(&self, rule: &Rule) -> Answer {
        if let Some(on) = rule.attribute("on") {
            let here = self.event.reference.as_str();
            if !refs::takes(on.split_whitespace(), here, &self.event.default_branch) {
                return Ok(Err(format!("it is not for {}", event::shown(here))));
            }
        }
        match self.render(rule.get("enable"))?.as_str() {
            "true" => {}
            "false" => return Ok(Err("it is not enabled".to_owned())),
            other => return Err(format!("enable is {other:?}, which is none of true, false").into()),
        }
        let answer = match rule.kind {
            Kind::Schedule => self.schedule(rule),
            Kind::Semver => self.semver(rule),
            Kind::Pep440 => self.pep440(rule),
            Kind::Match => self.matched(rule),
            Kind::Edge => self.edge(rule),
            Kind::Ref => self.reference(rule),
            Kind::Raw => self.raw(rule),
            Kind::Sha => self.sha(rule),
            Kind::Sequence => self.sequence(rule),
        }?;
        Ok(answer.map(|made| Made {
            floating: rule.attribute("floating").map_or(made.floating, |floating| floating == "true"),
            ..made
        }))
    }

    pub(super) fn render(&self, template: &str) -> Result<String, String> {
        Template::parse(template)?.render(&self.scope)
    }
}

/// What the action calls global expressions.
fn values(event: &Event, facts: &Facts<'_>) -> BTreeMap<&'static str, String> {
    let base = match (event.tag(), event.pull()) {
        (Some(_), _) => event::text(&event.payload, "/base_ref")
            .map(|base| base.strip_prefix("refs/heads/").unwrap_or(base)),
        (None, Some(_)) => event::text(&event.payload, "/pull_request/base/ref"),
        (None, None) => None,
    };
    // Such events are always of the last commit of the default branch.
    let always = ["create", "discussion", "issues", "schedule"];
    let default = event.on_default_branch()
        || (!event.reference.is_empty() && always.iter().any(|name| event.trigger().contains(name)));
    [
        ("branch", event.branch().unwrap_or_default().to_owned()),
        ("tag", event.tag().unwrap_or_default().to_owned()),
        ("sha", short(&event.sha)),
        ("short_sha", short(&event.sha)),
        ("base_ref", base.unwrap_or_default().to_owned()),
        ("is_default_branch", default.to_string()),
        ("is_not_default_branch", (!default).to_string()),
        ("release", facts.release.unwrap_or_default().to_owned()),
    ]
    .into()
}

fn dates<'a>(facts: &'a Facts<'a>) -> Dates<'a> {
    Dates { now: facts.now, commit: facts.commit_date.unwrap_or(facts.now), clock: facts.clock() }
}

/// The first 7 digits of a commit.
pub(super) fn short(sha: &str) -> String {
    sha.chars().take(7).collect()
}

/// Whether a tag looks like a commit's own, `sha-` and hexadecimal digits, and is not this commit's.
fn names_another_commit(tag: &str, sha: &str) -> bool {
    let digits = tag.strip_prefix("sha-").unwrap_or_default();
    digits.len() >= 7 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) && !sha.starts_with(digits)
}
