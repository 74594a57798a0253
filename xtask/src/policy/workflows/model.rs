//! Workflows and composite actions as what they are: jobs, steps, triggers.

use super::lines::{Place, line_of};
use super::{File, Finding};
use serde_yaml::Value;

/// A parsed file.
pub struct Document {
    /// Its path from the root.
    pub path: String,
    /// Its content.
    pub text: String,
    /// The same, parsed.
    pub yaml: Value,
}

/// A job of a workflow.
pub struct Job<'a> {
    /// Its id: the name of its check.
    pub id: &'a str,
    /// What it is.
    pub body: &'a Value,
    /// Where it stands.
    pub place: Place,
}

/// A step of a job or of a composite action.
pub struct Step<'a> {
    /// What it is.
    pub body: &'a Value,
    /// Where it stands.
    pub place: Place,
}

impl Step<'_> {
    /// The action that it uses.
    pub fn uses(&self) -> Option<&str> {
        self.body["uses"].as_str()
    }

    /// The script that it runs.
    pub fn run(&self) -> Option<&str> {
        self.body["run"].as_str()
    }
}

impl Document {
    /// Reads a file.
    pub fn parse(file: &File) -> Result<Self, Finding> {
        // `<<` is no part of a workflow's language, but compose files share settings by it.
        let parsed = serde_yaml::from_str::<Value>(&file.text).and_then(|mut yaml| {
            yaml.apply_merge()?;
            Ok(yaml)
        });
        match parsed {
            Ok(yaml) => Ok(Self { path: file.path.clone(), text: file.text.clone(), yaml }),
            Err(error) => Err(Finding {
                file: file.path.clone(),
                line: error.location().map_or(1, |location| location.line()),
                rule: "yaml",
                what: error.to_string(),
                expected: "a file that can be read as YAML".to_owned(),
                mend: "mend the syntax".to_owned(),
            }),
        }
    }

    /// A finding about a value of this file.
    pub fn finding(
        &self,
        place: &Place,
        rule: &'static str,
        what: impl Into<String>,
        expected: impl Into<String>,
        mend: impl Into<String>,
    ) -> Finding {
        Finding {
            file: self.path.clone(),
            line: line_of(&self.text, place),
            rule,
            what: what.into(),
            expected: expected.into(),
            mend: mend.into(),
        }
    }

    /// The file's last name.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// The line that a value stands on, as it is written.
    pub fn line(&self, place: &Place) -> &str {
        self.text.lines().nth(line_of(&self.text, place) - 1).unwrap_or_default()
    }

    /// The jobs of a workflow.
    pub fn jobs(&self) -> Vec<Job<'_>> {
        let place = Place::default().key("jobs");
        let jobs = self.yaml["jobs"].as_mapping().into_iter().flatten();
        jobs.filter_map(|(id, body)| Some(Job { id: id.as_str()?, body, place: place.key(id.as_str()?) }))
            .collect()
    }

    /// The steps of a workflow's jobs, or of a composite action.
    pub fn steps(&self) -> Vec<Step<'_>> {
        let own = steps_of(&self.yaml["runs"], &Place::default().key("runs"));
        let jobs = self.jobs();
        own.into_iter().chain(jobs.into_iter().flat_map(|job| steps_of(job.body, &job.place))).collect()
    }

    /// The events that start a workflow, with their filters.
    pub fn events(&self) -> Vec<(String, Value)> {
        match &self.yaml["on"] {
            Value::String(event) => vec![(event.clone(), Value::Null)],
            Value::Sequence(events) => {
                events.iter().filter_map(|event| Some((event.as_str()?.to_owned(), Value::Null))).collect()
            }
            Value::Mapping(events) => events
                .iter()
                .filter_map(|(event, filter)| Some((event.as_str()?.to_owned(), filter.clone())))
                .collect(),
            _ => Vec::new(),
        }
    }

    /// Whether an event starts it.
    pub fn is_on(&self, event: &str) -> bool {
        self.events().iter().any(|(name, _)| name == event)
    }

    /// Actions and workflows that it uses, each with its place.
    pub fn all_uses(&self) -> Vec<(String, Place)> {
        let steps = self.steps();
        let of_steps =
            steps.iter().filter_map(|step| Some((step.uses()?.to_owned(), step.place.key("uses"))));
        let jobs = self.jobs();
        let of_jobs = jobs
            .iter()
            .filter_map(|job| Some((job.body["uses"].as_str()?.to_owned(), job.place.key("uses"))));
        of_steps.chain(of_jobs).collect()
    }
}

/// The steps of a job or of a composite action's `runs`.
pub fn steps_of<'a>(body: &'a Value, place: &Place) -> Vec<Step<'a>> {
    let steps = body["steps"].as_sequence().into_iter().flatten();
    steps.enumerate().map(|(at, body)| Step { body, place: place.key("steps").item(at) }).collect()
}

/// The words behind `cargo xtask`, where a script is such a call.
pub fn xtask_words(run: &str) -> Option<Vec<&str>> {
    let words: Vec<&str> = run.split_whitespace().collect();
    words.strip_prefix(&["cargo", "xtask"][..]).map(<[&str]>::to_vec)
}
