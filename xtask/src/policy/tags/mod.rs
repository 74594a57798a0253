//! Which tags an event gets: docker/metadata-action's rules, and what holds beyond them.
//!
//! Source of the grammar and of its semantics: the action's documentation and behaviour. Beyond it are
//! `type=sequence`, `on=`, `floating=`, `{{release}}`, and the rules that keep tags legal and honest.

mod csv;
mod date;
mod flavor;
mod images;
mod kinds;
mod labels;
mod legal;
mod make;
mod pattern;
mod rule;
mod successor;
mod template;
pub(crate) mod version;

pub use date::{Clock, Zones};
pub use flavor::{Flavor, Latest};
pub use labels::Repository;
pub use rule::{Kind, Rule};
pub use successor::leaves_out;

use super::event::Event;
use crate::error::{Exit, Problem};
use evidence::Tag;
use serde_yaml::Value;
use std::collections::BTreeMap;
use time::OffsetDateTime;

/// `images`, `tags`, `flavor` and `labels`, checked.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// The enabled images' names, in lower case.
    pub images: Vec<String>,
    /// The rules in the order in which they make tags.
    pub tags: Vec<Rule>,
    /// What holds for all tags.
    pub flavor: Flavor,
    /// Labels beside the standard ones, as `key=value`.
    pub labels: Vec<String>,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A rule is wrong, or asks for what cannot be told.
    Rules(String),
    /// The rules are right, and following them would do harm.
    Policy(String),
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (Self::Rules(what) | Self::Policy(what)) = self;
        f.write_str(what)
    }
}

impl std::error::Error for Refusal {}

impl From<String> for Refusal {
    fn from(what: String) -> Self {
        Self::Rules(what)
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Rules(what) => Self::usage(what),
            Refusal::Policy(what) => Self::new(Exit::Refused, what),
        }
    }
}

/// What is known beside the event.
#[derive(Clone)]
pub struct Facts<'a> {
    /// The present time.
    pub now: OffsetDateTime,
    /// The commit's time; the present time where it is not known.
    pub commit_date: Option<OffsetDateTime>,
    /// The tags in the registry: a sequence goes on after them.
    pub taken: &'a [String],
    /// Those tags in the registry that name this very commit's image: a sequence takes such a one again.
    pub held: &'a [String],
    /// The repository's other references (`refs/heads/…`, `refs/tags/…`): two must not become one tag.
    pub references: &'a [String],
    /// The version that `{{release}}` stands for.
    pub release: Option<&'a str>,
    /// The repository, where more is known of it than the event says.
    pub repository: Option<Repository>,
    /// The time zones.
    pub zones: Zones<'a>,
}

impl Facts<'_> {
    /// Nothing but the time.
    pub fn at(now: OffsetDateTime) -> Self {
        Self {
            now,
            commit_date: None,
            taken: &[],
            held: &[],
            references: &[],
            release: None,
            repository: None,
            zones: &|_, _| None,
        }
    }

    fn clock(&self) -> Clock<'_> {
        Clock::new(self.zones)
    }
}

/// The answer.
#[derive(Clone, Debug, Default)]
pub struct TagSet {
    /// The version: the first tag, or nothing.
    pub version: String,
    /// Whether `latest` is among the tags.
    pub latest: bool,
    /// The tags, in order.
    pub tags: Vec<TagChoice>,
    /// The labels.
    pub labels: BTreeMap<String, String>,
    /// A line for every rule that was asked, and for whatever was changed or held back.
    pub why: Vec<String>,
}

/// One tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagChoice {
    /// The tag.
    pub tag: Tag,
    /// Whether it moves from image to image. One that does not, names one image for ever.
    pub floating: bool,
    /// The rule that made it.
    pub rule: String,
    /// How.
    pub why: String,
}

impl TagSet {
    /// Whole references: every tag of the first image, then of the next. Without images the tags alone.
    pub fn references(&self, images: &[String]) -> Vec<String> {
        let tags = || self.tags.iter().map(|choice| choice.tag.to_string());
        if images.is_empty() {
            return tags().collect();
        }
        images.iter().flat_map(|image| tags().map(move |tag| format!("{image}:{tag}"))).collect()
    }
}

impl Rules {
    /// From the lines of each input.
    ///
    /// # Errors
    /// Names the first line that is wrong.
    pub fn new(
        images: &[String],
        tags: &[String],
        flavor: &[String],
        labels: &[String],
    ) -> Result<Self, Refusal> {
        Ok(Self {
            images: images::parse(images)?,
            tags: rule::parse_all(tags)?,
            flavor: Flavor::parse(flavor)?,
            labels: labels.to_vec(),
        })
    }

    /// From YAML: `images`, `tags`, `flavor` and `labels`, each a block of lines or a list of them.
    ///
    /// # Errors
    /// Names the key or line that is wrong.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let wrong = |error: serde_yaml::Error| Refusal::Rules(format!("the rules are not YAML: {error}"));
        let mut input: BTreeMap<String, Value> = match serde_yaml::from_str(text).map_err(wrong)? {
            Value::Null => BTreeMap::new(),
            mapping @ Value::Mapping(_) => serde_yaml::from_value(mapping).map_err(wrong)?,
            _ => {
                return Err(Refusal::Rules(
                    "the rules are no mapping of images, tags, flavor, labels".to_owned(),
                ));
            }
        };
        let mut take = |key: &str| lines(key, input.remove(key).unwrap_or_default());
        let (images, tags, flavor, labels) =
            (take("images")?, take("tags")?, take("flavor")?, take("labels")?);
        if let Some(unknown) = input.keys().next() {
            return Err(Refusal::Rules(format!(
                "the rules have {unknown:?}; expected images, tags, flavor, labels"
            )));
        }
        Self::new(&images, &tags, &flavor, &labels)
    }
}

/// The lines of one input.
///
/// # Errors
/// When it is neither a text nor a list of texts and plain numbers.
pub fn lines(key: &str, value: Value) -> Result<Vec<String>, Refusal> {
    let items = match value {
        Value::Null => Vec::new(),
        Value::Sequence(items) => items,
        single => vec![single],
    };
    let mut lines = Vec::new();
    for item in items {
        let text = match item {
            Value::String(text) => text,
            Value::Number(number) => number.to_string(),
            Value::Bool(flag) => flag.to_string(),
            Value::Null => continue,
            _ => return Err(Refusal::Rules(format!("{key}: expected lines of text, or a list of them"))),
        };
        lines.extend(csv::lines(&text).map(str::to_owned));
    }
    Ok(lines)
}

/// Whether a text is a semantic version, as a git tag of a release is: `v1.2.3`.
pub fn is_version(text: &str) -> bool {
    version::semver(text).is_some()
}

/// The tags, version and labels of an event.
///
/// # Errors
/// When a rule cannot be followed, or two inputs would become one tag.
pub fn resolve(rules: &Rules, event: &Event, facts: &Facts<'_>) -> Result<TagSet, Refusal> {
    make::TagMaker::new(rules, event, facts).run()
}
