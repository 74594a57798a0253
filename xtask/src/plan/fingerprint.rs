//! What a step's result depends on, as one hash: a step that passed is not run again on the same inputs.

use super::Step;
use crate::context::Context;
use anyhow::{Context as _, Result};
use sha2::{Digest, Sha256};
use std::path::PathBuf;
use xshell::cmd;

/// The content of the work tree: every tracked or new file with a hash of its content.
pub struct Tree {
    files: Vec<(String, String)>,
    toolchain: String,
}

impl Tree {
    /// Reads the work tree through git, so that ignored files do not count.
    pub fn read(ctx: &Context) -> Result<Self> {
        let shell = ctx.shell()?;
        let list = cmd!(shell, "git ls-files -z --cached --others --exclude-standard").quiet().read()?;
        let mut files = Vec::new();
        for name in list.split('\0').filter(|name| !name.is_empty()) {
            // A file that was deleted but not yet staged has no content to hash: its absence counts.
            let content = std::fs::read(ctx.root.join(name)).unwrap_or_default();
            files.push((name.to_owned(), hex(&Sha256::digest(&content))));
        }
        files.sort();
        let rustc = cmd!(shell, "rustc --version --verbose").quiet().ignore_stderr().read();
        let node = cmd!(shell, "node --version").quiet().ignore_stderr().read();
        let toolchain = format!("{}\n{}", rustc.unwrap_or_default(), node.unwrap_or_default());
        Ok(Self { files, toolchain })
    }

    /// The fingerprint of a step on this tree; none for a step that names no inputs.
    pub fn fingerprint(&self, step: &Step) -> Option<String> {
        if step.inputs.is_empty() {
            return None;
        }
        let mut hash = Sha256::new();
        let mut add = |text: &str| {
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text.as_bytes());
        };
        add(&self.toolchain);
        add(&step.line());
        for (name, content) in &self.files {
            if step.inputs.iter().any(|prefix| name.starts_with(prefix.as_str())) {
                add(name);
                add(content);
            }
        }
        Some(hex(&hash.finalize()))
    }
}

/// The marks of the steps that passed: one small file per step, holding its fingerprint.
pub struct Passed(PathBuf);

impl Passed {
    /// The marks of this repository.
    pub fn open(ctx: &Context) -> Result<Self> {
        Ok(Self(ctx.work_dir("passed")?))
    }

    fn file(&self, step: &Step) -> PathBuf {
        // By command and not by id: what `test` has installed need not be installed again for `ci`.
        self.0.join(hex(&Sha256::digest(step.line().as_bytes())))
    }

    /// Whether the step passed with this fingerprint.
    pub fn holds(&self, step: &Step, fingerprint: &str) -> bool {
        std::fs::read_to_string(self.file(step)).is_ok_and(|text| text == fingerprint)
    }

    /// Marks a step as passed, or takes its mark away.
    pub fn set(&self, step: &Step, fingerprint: Option<&str>) -> Result<()> {
        let file = self.file(step);
        match fingerprint {
            Some(text) => {
                std::fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))
            }
            None => {
                let _ = std::fs::remove_file(&file);
                Ok(())
            }
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(content: &str) -> Tree {
        let files =
            vec![("backend/a.rs".to_owned(), content.to_owned()), ("docs/b".to_owned(), "1".to_owned())];
        Tree { files, toolchain: "t".to_owned() }
    }

    #[test]
    fn only_the_named_inputs_and_the_command_count() {
        let step = Step::new("job/test", &["cargo", "test"]).inputs(&["backend/"]);
        let first = tree("1").fingerprint(&step).unwrap();
        assert_eq!(first, tree("1").fingerprint(&step).unwrap());
        assert_ne!(first, tree("2").fingerprint(&step).unwrap());
        assert_ne!(first, tree("1").fingerprint(&step.clone().args(["x"])).unwrap());
        let mut other = tree("1");
        other.files[1].1 = "2".to_owned();
        assert_eq!(first, other.fingerprint(&step).unwrap());
        assert_eq!(tree("1").fingerprint(&Step::new("x", &["true"])), None);
    }
}
