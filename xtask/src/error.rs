//! How a call ends: the exit codes of `docs/pipeline.md`, and errors that name the next command.

use std::fmt;
use std::process::ExitCode;

/// Why a call did not do what it was asked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// A step failed.
    Failed = 1,
    /// The call was wrong.
    Usage = 2,
    /// A policy said no; the reasons are printed.
    Refused = 3,
    /// A tool or service that is needed is missing.
    Missing = 4,
    /// Stopped by Ctrl-C or SIGTERM (128 + SIGINT, as shells report it).
    Interrupted = 130,
}

/// An error with its exit code and, where there is one, the command to type next.
#[derive(Debug)]
pub struct Problem {
    /// The exit code.
    pub exit: Exit,
    /// What is wrong and what was expected.
    pub message: String,
    /// The next command to type.
    pub next: Option<String>,
}

impl Problem {
    /// A problem without a next command.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), next: None }
    }

    /// The same with the next command to type.
    #[must_use]
    pub fn next(mut self, command: impl Into<String>) -> Self {
        self.next = Some(command.into());
        self
    }

    /// The call was wrong.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// Something that is needed is not there.
    pub fn missing(message: impl Into<String>) -> Self {
        Self::new(Exit::Missing, message)
    }

    /// The user stopped it.
    pub fn interrupted() -> Self {
        Self::new(Exit::Interrupted, "interrupted: what was started has been stopped and removed")
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.next {
            Some(next) => write!(f, "\n  next: {next}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Problem {}

/// A failure that has been reported in full already: only its exit code is left to be told.
#[derive(Debug)]
pub struct Reported(pub Exit);

impl fmt::Display for Reported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ended with exit code {}", self.0 as u8)
    }
}

impl std::error::Error for Reported {}

/// The exit code for an error: its own where it has one, or 1.
pub fn exit_code(error: &anyhow::Error) -> u8 {
    let reported = error.downcast_ref::<Reported>().map(|reported| reported.0);
    let told = reported.or_else(|| error.downcast_ref::<Problem>().map(|problem| problem.exit));
    told.unwrap_or(Exit::Failed) as u8
}

/// How a program ends: an error is printed, unless its report has said everything.
pub fn exit(done: anyhow::Result<()>) -> ExitCode {
    let Err(error) = done else {
        return ExitCode::SUCCESS;
    };
    if !error.is::<Reported>() {
        eprintln!("error: {error:#}");
    }
    ExitCode::from(exit_code(&error))
}

/// The candidate most like `given`, when one is near enough to be what was meant.
pub fn nearest<'a>(given: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(given, candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.7)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_finds_typos_and_nothing_else() {
        let jobs = ["backend-quality", "frontend-quality", "image"];
        assert_eq!(nearest("backend-qualty", jobs), Some("backend-quality"));
        assert_eq!(nearest("imgae", jobs), Some("image"));
        assert_eq!(nearest("zzz", jobs), None);
    }

    #[test]
    fn a_problem_keeps_its_exit_code_under_context() {
        let error = anyhow::Error::new(Problem::missing("no engine").next("doctor"));
        assert_eq!(exit_code(&error), 4);
        assert_eq!(error.to_string(), "no engine\n  next: doctor");
        assert_eq!(exit_code(&anyhow::Error::new(Reported(Exit::Refused)).context("more")), 3);
        assert_eq!(exit_code(&anyhow::anyhow!("other")), 1);
    }
}
