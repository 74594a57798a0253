//! What each type of rule makes.

use super::make::{Answer, Made, TagMaker, short};
use super::template::{Scope, Template};
use super::{Refusal, Rule, legal, pattern, version};
use crate::policy::event;
use std::collections::BTreeMap;

/// A text, or why there is none.
type TextAnswer = Result<Result<String, String>, Refusal>;

impl TagMaker<'_> {
    pub(super) fn schedule(&self, rule: &Rule) -> Answer {
        if !self.event.trigger().contains("schedule") {
            return Ok(Err("the run is not a scheduled one".to_owned()));
        }
        // Nothing but the dates is known in such a pattern.
        let scope = Scope { values: BTreeMap::new(), dates: self.scope.dates };
        let text = Template::parse(rule.get("pattern"))?.render(&scope)?;
        self.made(rule, text, false, true, "a scheduled run".to_owned())
    }

    pub(super) fn semver(&self, rule: &Rule) -> Answer {
        let value = match self.version_text(rule)? {
            Ok(value) => value.replace('/', "-"),
            Err(nothing) => return Ok(Err(nothing)),
        };
        let Some(version) = version::semver(&value) else {
            return Ok(Err(format!("{} is not a semantic version", event::shown(&value))));
        };
        let plain = semver::Version { build: semver::BuildMetadata::EMPTY, ..version.clone() };
        let joined = |parts: &str| parts.replace('.', ",");
        let scope = Scope {
            values: [
                ("raw", value.clone()),
                ("version", plain.to_string()),
                ("major", version.major.to_string()),
                ("minor", version.minor.to_string()),
                ("patch", version.patch.to_string()),
                ("prerelease", joined(&version.pre)),
                ("build", joined(&version.build)),
            ]
            .into(),
            dates: None,
        };
        self.version(rule, &value, !version.pre.is_empty(), &scope)
    }

    pub(super) fn pep440(&self, rule: &Rule) -> Answer {
        let value = match self.version_text(rule)? {
            Ok(value) => value.replace('/', "-"),
            Err(nothing) => return Ok(Err(nothing)),
        };
        let Some(version) = version::Pep440::parse(&value) else {
            return Ok(Err(format!("{} is not a version as PEP 440 has it", event::shown(&value))));
        };
        let number = |at: usize| version.number(at).to_string();
        let values: BTreeMap<_, _> = [
            ("raw", value.clone()),
            ("version", version.clean()),
            ("major", number(0)),
            ("minor", number(1)),
            ("patch", number(2)),
        ]
        .into();
        if version.is_unfinished() {
            let raw = Template::parse(rule.get("pattern")).is_ok_and(|template| template.is_raw());
            let text = if raw { value.clone() } else { version.clean() };
            return self.made(
                rule,
                text,
                false,
                false,
                format!("the unfinished version {}", event::shown(&value)),
            );
        }
        self.version(rule, &value, false, &Scope { values, dates: None })
    }

    /// The tag of a version: a pre-release is named in full, whatever the pattern.
    fn version(&self, rule: &Rule, value: &str, pre_release: bool, scope: &Scope<'_>) -> Answer {
        let template = Template::parse(rule.get("pattern"));
        if pre_release {
            let raw = template.is_ok_and(|template| template.is_raw());
            let text = scope.values.get(if raw { "raw" } else { "version" }).cloned().unwrap_or_default();
            return self.made(rule, text, false, false, format!("the pre-release {}", event::shown(value)));
        }
        let template = template?;
        let named = |name: &str| template.count(name) > 0;
        let whole = named("raw") || named("version") || (named("major") && named("minor") && named("patch"));
        self.made(rule, template.render(scope)?, true, !whole, format!("the version {}", event::shown(value)))
    }

    pub(super) fn matched(&self, rule: &Rule) -> Answer {
        let value = match self.value_or_tag(rule)? {
            Ok(value) => value,
            Err(nothing) => return Ok(Err(nothing)),
        };
        let pattern = rule.get("pattern");
        let Some(groups) = pattern::find(pattern, &value)? else {
            return Ok(Err(format!("{pattern} does not match {}", event::shown(&value))));
        };
        let at = rule.get("group").parse::<f64>().ok().filter(|at| *at >= 0.0 && at.fract() == 0.0);
        let Some(found) = at.and_then(|at| groups.into_iter().nth(at as usize).flatten()) else {
            return Ok(Err(format!("{pattern} has no group {}", rule.get("group"))));
        };
        // What the match leaves out may differ between two git tags with this same result.
        let before = value.strip_suffix(found.as_str());
        let floating = before.is_none_or(|before| before.contains(|c: char| c.is_ascii_digit()));
        self.made(rule, found, true, floating, format!("found in {}", event::shown(&value)))
    }

    pub(super) fn edge(&self, rule: &Rule) -> Answer {
        let Some(branch) = self.event.branch() else {
            return Ok(Err("the event is not of a branch".to_owned()));
        };
        let edge = match rule.get("branch") {
            "" => self.event.default_branch.as_str(),
            named => named,
        };
        if edge != branch {
            return Ok(Err(format!("the branch is not {edge}")));
        }
        self.made(rule, "edge".to_owned(), false, true, format!("the branch {edge}"))
    }

    pub(super) fn reference(&self, rule: &Rule) -> Answer {
        let (name, what, latest) = match rule.get("event") {
            "branch" => (self.event.branch(), "branch", false),
            "tag" => (self.event.tag(), "git tag", true),
            _ => (self.event.pull(), "pull request", false),
        };
        let Some(name) = name else {
            return Ok(Err(format!("the event is not of a {what}")));
        };
        self.refuse_twins(name)?;
        self.made(
            rule,
            name.to_owned(),
            latest,
            what != "git tag",
            format!("the {what} {}", event::shown(name)),
        )
    }

    pub(super) fn raw(&self, rule: &Rule) -> Answer {
        let template = Template::parse(rule.get("value"))?;
        let named = |name: &str| template.count(name) > 0;
        let own = named("sha") || named("short_sha") || (named("tag") && self.event.tag().is_some());
        self.made(rule, template.render(&self.scope)?, false, !own, "a value".to_owned())
    }

    pub(super) fn sha(&self, rule: &Rule) -> Answer {
        if self.event.sha.is_empty() {
            return Ok(Err("the event has no commit".to_owned()));
        }
        let text = if rule.get("format") == "long" { self.event.sha.clone() } else { short(&self.event.sha) };
        self.made(rule, text, false, false, "the commit".to_owned())
    }

    pub(super) fn sequence(&self, rule: &Rule) -> Answer {
        const MARK: &str = "\u{e000}";
        let mut scope = self.scope.clone();
        scope.values.insert("n", MARK.to_owned());
        let text = Template::parse(rule.get("pattern"))?.render(&scope)?;
        let text = self.framed(rule, text)?;
        let (before, after) = text.split_once(MARK).ok_or_else(|| "the pattern lost its {{n}}".to_owned())?;
        let (clean_before, clean_after) = (legal::sanitised(before), legal::sanitised(after));
        let number = |tag: &String| {
            let digits = tag.strip_prefix(clean_before.as_str())?.strip_suffix(clean_after.as_str())?;
            let plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
            if plain { digits.parse::<u64>().ok() } else { None }
        };
        let (n, from) = match self.facts.held.iter().filter_map(number).max() {
            Some(held) => (held, format!("this commit has number {held} already")),
            None => {
                let last = self.facts.taken.iter().filter_map(number).max().unwrap_or(0);
                let next = last
                    .checked_add(1)
                    .ok_or_else(|| "the numbers of the sequence are used up".to_owned())?;
                (next, if last == 0 { "the first".to_owned() } else { format!("the next after {last}") })
            }
        };
        Ok(Ok(Made { text: format!("{before}{n}{after}"), latest: false, floating: false, from }))
    }

    /// The text that a version is read from: what `match=` finds in the value or in the git tag.
    fn version_text(&self, rule: &Rule) -> TextAnswer {
        let value = match self.value_or_tag(rule)? {
            Ok(value) => value,
            Err(nothing) => return Ok(Err(nothing)),
        };
        let pattern = rule.get("match");
        if pattern.is_empty() {
            return Ok(Ok(value));
        }
        match pattern::find(pattern, &value)? {
            None => Ok(Ok(value)),
            Some(groups) => match groups.into_iter().nth(1).flatten() {
                Some(found) => Ok(Ok(found)),
                None => Err(format!("match={pattern} has no first group").into()),
            },
        }
    }

    fn value_or_tag(&self, rule: &Rule) -> TextAnswer {
        let value = rule.get("value");
        if !value.is_empty() {
            return Ok(Ok(self.render(value)?));
        }
        match self.event.tag() {
            Some(tag) => {
                self.refuse_twins(tag)?;
                Ok(Ok(tag.to_owned()))
            }
            None => Ok(Err("the event is not of a git tag".to_owned())),
        }
    }

    /// Refuses when another reference of the same kind would become the same tag.
    fn refuse_twins(&self, name: &str) -> Result<(), Refusal> {
        let Some(kind) = self.event.reference.strip_suffix(name) else {
            return Ok(());
        };
        let own = legal::tag(name);
        let others = self.facts.references.iter().filter_map(|other| other.strip_prefix(kind));
        match others.filter(|other| *other != name).find(|other| own.is_some() && legal::tag(other) == own) {
            Some(twin) => Err(Refusal::Policy(format!(
                "{} and {} would both become one tag: rename one of them",
                event::shown(name),
                event::shown(twin)
            ))),
            None => Ok(()),
        }
    }

    fn made(&self, rule: &Rule, text: String, latest: bool, floating: bool, from: String) -> Answer {
        Ok(Ok(Made { text: self.framed(rule, text)?, latest, floating, from }))
    }

    /// With prefix and suffix: the rule's own, else the flavor's.
    fn framed(&self, rule: &Rule, text: String) -> Result<String, String> {
        let flavor = &self.rules.flavor;
        let prefix = self.render(rule.attribute("prefix").unwrap_or(&flavor.prefix))?;
        let suffix = self.render(rule.attribute("suffix").unwrap_or(&flavor.suffix))?;
        Ok(format!("{prefix}{text}{suffix}"))
    }
}
