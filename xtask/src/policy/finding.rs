//! What the checks of files share: a file as it was read, and something in it that is not as it must be.

use serde::Serialize;
use std::fmt;

/// A file as it was read.
#[derive(Clone, Debug)]
pub struct File {
    /// Its path from the root, with `/`.
    pub path: String,
    /// Its content.
    pub text: String,
}

/// Something that is not as it must be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// The file's path from the root.
    pub file: String,
    /// The line, from 1; the nearest that is known.
    pub line: usize,
    /// The rule's name.
    pub rule: &'static str,
    /// What stands there.
    pub what: String,
    /// What was expected.
    pub expected: String,
    /// How to mend it.
    pub mend: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}:{}: [{}] {}", self.file, self.line, self.rule, self.what)?;
        writeln!(f, "    expected: {}", self.expected)?;
        write!(f, "    mend:     {}", self.mend)
    }
}
