//! Plans, jobs and steps: what is to be run, as values.

use super::Counter;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Jobs in the order in which they are listed and reported.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The jobs.
    pub jobs: Vec<Job>,
}

/// A named list of steps: one required check.
#[derive(Clone, Debug)]
pub struct Job {
    /// The job's name, as the workflows and the branch protection know it.
    pub name: String,
    /// Its steps.
    pub steps: Vec<Step>,
}

/// Something that a step needs and that a machine may lack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// Node.js and npm.
    Node,
    /// A Docker engine that is new enough, with Buildx.
    Engine,
    /// What compiles for platforms other than the builder's own.
    Cross,
    /// Docker Compose v2; its `config` works without an engine.
    Compose,
    /// Chromium or Chrome.
    Browser,
    /// cargo-deny.
    CargoDeny,
    /// cargo-fuzz.
    CargoFuzz,
    /// cargo-llvm-cov and LLVM's coverage tools.
    Coverage,
    /// actionlint, zizmor and shellcheck, at the versions that xtask/linters names.
    Linters,
    /// The RustSec advisory database, which is a service and nothing that a machine could be given.
    Advisories,
}

impl Need {
    /// Whether its absence is said and counted as skipped, and not an error: nobody at this machine can mend it.
    pub fn is_outside(self) -> bool {
        self == Self::Advisories
    }
}

/// One command line.
#[derive(Clone, Debug)]
pub struct Step {
    /// `job/step`, unique in a plan.
    pub id: String,
    /// Program and arguments. The program `cargo xtask` stands for this very binary.
    pub argv: Vec<String>,
    /// Variables set for this step.
    pub env: BTreeMap<String, String>,
    /// The working folder, relative to the root; empty for the root.
    pub dir: String,
    /// Ids of the steps that must have passed before.
    pub needs: Vec<String>,
    /// Steps of one lane run one at a time: cargo, for instance, locks its target folder.
    pub lane: Option<&'static str>,
    /// Path prefixes whose content decides the result; none means: always run.
    pub inputs: Vec<String>,
    /// Run also where it passed before on the same inputs. That it passed is noted all the same, for others that have the
    /// same command.
    pub always: bool,
    /// What the machine must have.
    pub requires: Vec<Need>,
    /// How to read test counts from its output.
    pub counter: Option<Counter>,
    /// What to do when it fails: a sentence with the command to type.
    pub hint: String,
}

impl Step {
    /// A step that runs `argv` in the root.
    pub fn new(id: impl Into<String>, argv: &[&str]) -> Self {
        Self {
            id: id.into(),
            argv: argv.iter().map(|&word| word.to_owned()).collect(),
            env: BTreeMap::new(),
            dir: String::new(),
            needs: Vec::new(),
            lane: None,
            inputs: Vec::new(),
            always: false,
            requires: Vec::new(),
            counter: None,
            hint: String::new(),
        }
    }

    /// Appends arguments.
    #[must_use]
    pub fn args<S: Into<String>>(mut self, words: impl IntoIterator<Item = S>) -> Self {
        self.argv.extend(words.into_iter().map(Into::into));
        self
    }

    /// Sets a variable.
    #[must_use]
    pub fn env(mut self, key: &str, value: impl Into<String>) -> Self {
        self.env.insert(key.to_owned(), value.into());
        self
    }

    /// Sets the working folder, relative to the root.
    #[must_use]
    pub fn dir(mut self, dir: &str) -> Self {
        self.dir = dir.to_owned();
        self
    }

    /// Adds a step that must have passed before.
    #[must_use]
    pub fn after(mut self, id: &str) -> Self {
        self.needs.push(id.to_owned());
        self
    }

    /// Puts the step into a lane.
    #[must_use]
    pub fn lane(mut self, lane: &'static str) -> Self {
        self.lane = Some(lane);
        self
    }

    /// Adds path prefixes whose content decides the result.
    #[must_use]
    pub fn inputs(mut self, prefixes: &[&str]) -> Self {
        self.inputs.extend(prefixes.iter().map(|&prefix| prefix.to_owned()));
        self
    }

    /// Runs also where it passed before on the same inputs.
    #[must_use]
    pub fn always(self) -> Self {
        Self { always: true, ..self }
    }

    /// Adds something that the machine must have.
    #[must_use]
    pub fn requires(mut self, need: Need) -> Self {
        self.requires.push(need);
        self
    }

    /// Sets how test counts are read.
    #[must_use]
    pub fn counter(mut self, counter: Counter) -> Self {
        self.counter = Some(counter);
        self
    }

    /// Sets what to do when it fails.
    #[must_use]
    pub fn hint(mut self, hint: &str) -> Self {
        self.hint = hint.to_owned();
        self
    }

    /// The step as a line that can be pasted into a POSIX shell in the root.
    pub fn line(&self) -> String {
        let mut line = String::new();
        for (key, value) in &self.env {
            let _ = write!(line, "{key}={} ", quote(value));
        }
        let words: Vec<String> = self
            .argv
            .iter()
            .enumerate()
            .map(|(at, word)| if at == 0 && word == XTASK { word.clone() } else { quote(word) })
            .collect();
        line += &words.join(" ");
        if self.dir.is_empty() { line } else { format!("(cd {} && {line})", quote(&self.dir)) }
    }

    /// Whether the step is a call of this very binary.
    pub fn is_xtask(&self) -> bool {
        self.argv.first().is_some_and(|program| program == XTASK)
    }

    /// A step that calls this very binary.
    pub fn xtask(id: impl Into<String>, args: &[&str]) -> Self {
        let mut step = Self::new(id, args);
        step.argv.insert(0, XTASK.to_owned());
        step
    }
}

const XTASK: &str = "cargo xtask";

impl Plan {
    /// A plan of one job.
    pub fn of(name: &str, steps: Vec<Step>) -> Self {
        Self { jobs: vec![Job { name: name.to_owned(), steps }] }
    }

    /// All steps in order.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.jobs.iter().flat_map(|job| &job.steps)
    }

    /// The plan as shell text: a comment per job, a line per step.
    pub fn script(&self) -> String {
        let mut text = String::new();
        for job in &self.jobs {
            let _ = writeln!(text, "# {}", job.name);
            for step in &job.steps {
                let _ = writeln!(text, "{}", step.line());
            }
        }
        text
    }
}

/// A word quoted for a POSIX shell, bare where that is safe.
pub fn quote(word: &str) -> String {
    let bare = |b: u8| b.is_ascii_alphanumeric() || b"_-+=./:,@%".contains(&b);
    if !word.is_empty() && word.bytes().all(bare) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_survives_a_real_shell() {
        let words = ["plain", "two words", "it's", "$HOME", "a\nb", "", "*", "`x`", "é"];
        let step = Step::new("x", &["printf", "%s|"]).args(words).env("V", "a b");
        let output = std::process::Command::new("sh").arg("-c").arg(step.line()).output().unwrap();
        let expected: String = words.iter().map(|word| format!("{word}|")).collect();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
    }

    #[test]
    fn folders_and_own_calls_read_as_a_person_would_type_them() {
        assert_eq!(Step::new("x", &["npm", "test"]).dir("frontend").line(), "(cd frontend && npm test)");
        assert_eq!(Step::xtask("x", &["smoke"]).line(), "cargo xtask smoke");
    }
}
