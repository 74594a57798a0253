//! What releases have: their migrations, and the sources of their back-end.

use crate::context::Context;
use crate::error::Problem;
use crate::policy::finding::File;
use crate::policy::migrations::{FOLDER, Released};
use anyhow::{Context as _, Result};
use semver::Version;
use std::collections::{BTreeMap, BTreeSet};
use xshell::{Shell, cmd};

/// The revisions that migrations are held against.
pub struct History {
    shell: Shell,
    /// The tags `v*`, the lowest version first, then the base.
    revisions: Vec<String>,
    releases: usize,
}

/// A file in a commit: its path and the name of its content.
type Entry = (String, String);

impl History {
    /// Of this repository.
    ///
    /// # Errors
    /// Exit 4 where the clone is shallow and its tags cannot be told, exit 2 where there is no such base.
    pub fn of(ctx: &Context, base: Option<&str>) -> Result<Self> {
        ctx.head()?;
        let shell = ctx.shell()?;
        if cmd!(shell, "git rev-parse --is-shallow-repository").quiet().read()? == "true" {
            return Err(Problem::missing(
                "this clone is shallow: which migrations are released cannot be told",
            )
            .next("git fetch --unshallow --tags (fetch-depth: 0 where a workflow checks out)")
            .into());
        }
        let tags = cmd!(shell, "git tag --list v*").quiet().read().context("git tag failed")?;
        let mut revisions: Vec<String> = tags.lines().map(str::to_owned).collect();
        revisions
            .sort_by_key(|tag| (tag.strip_prefix('v').and_then(|tag| Version::parse(tag).ok()), tag.clone()));
        let releases = revisions.len();
        if let Some(base) = base {
            let commit = format!("{base}^{{commit}}");
            let known = cmd!(shell, "git rev-parse --verify --quiet --end-of-options {commit}");
            if base.starts_with('-') || known.quiet().ignore_stdout().ignore_stderr().run().is_err() {
                return Err(Problem::usage(format!("{base:?} is no branch, tag or commit that is here"))
                    .next("git fetch, or another --base REV")
                    .into());
            }
            revisions.push(base.to_owned());
        }
        Ok(Self { shell, revisions, releases })
    }

    /// How many there are, for people.
    pub fn sentence(&self) -> String {
        let releases = match self.releases {
            0 => "no release".to_owned(),
            1 => "1 release".to_owned(),
            many => format!("{many} releases"),
        };
        match self.revisions.get(self.releases) {
            Some(base) => format!("{releases} and {base}"),
            None => releases,
        }
    }

    /// Their migrations, each content once.
    pub fn released(&self) -> Result<Vec<Released>> {
        let mut found: BTreeMap<Entry, (usize, bool)> = BTreeMap::new();
        for (at, revision) in self.revisions.iter().enumerate() {
            // What only another line of development has is not missing here.
            let shell = &self.shell;
            let fork = cmd!(shell, "git merge-base {revision} HEAD").quiet().ignore_stderr().read().ok();
            let ours: BTreeSet<String> = match &fork {
                Some(fork) => self.entries(fork, FOLDER)?.into_iter().map(|(path, _)| path).collect(),
                None => BTreeSet::new(),
            };
            for entry in self.entries(revision, FOLDER)? {
                let here = ours.contains(&entry.0);
                found.entry(entry).or_insert((at, false)).1 |= here;
            }
        }
        let texts = self.texts(found.keys().map(|(_, content)| content.as_str()))?;
        let mut released: Vec<_> = found
            .into_iter()
            .filter(|((path, _), _)| path.ends_with(".sql"))
            .filter_map(|((path, content), (at, ours))| {
                let text = texts.get(&content)?.clone();
                Some((at, Released { path, text, revision: self.revisions[at].clone(), ours }))
            })
            .collect();
        released.sort_by_key(|(at, _)| *at);
        Ok(released.into_iter().map(|(_, released)| released).collect())
    }

    /// The sources of the back-end at those of the tags that are there.
    pub fn sources(&self, tags: &BTreeSet<String>) -> Result<BTreeMap<String, Vec<File>>> {
        let mut sources = BTreeMap::new();
        for tag in self.revisions[..self.releases].iter().filter(|tag| tags.contains(*tag)) {
            let entries = self.entries(tag, "backend/src/")?;
            let entries: Vec<Entry> = entries.into_iter().filter(|(path, _)| path.ends_with(".rs")).collect();
            let texts = self.texts(entries.iter().map(|(_, content)| content.as_str()))?;
            let file = |(path, content): Entry| Some(File { path, text: texts.get(&content)?.clone() });
            sources.insert(tag.clone(), entries.into_iter().filter_map(file).collect());
        }
        Ok(sources)
    }

    /// The files under a folder in a revision.
    fn entries(&self, revision: &str, folder: &str) -> Result<Vec<Entry>> {
        let shell = &self.shell;
        let list = cmd!(shell, "git ls-tree -r -z {revision} -- {folder}")
            .quiet()
            .read()
            .with_context(|| format!("git cannot list {folder} of {revision}"))?;
        let entry = |line: &str| {
            let (about, path) = line.split_once('\t')?;
            let mut about = about.split(' ').skip(1);
            let (kind, content) = (about.next()?, about.next()?);
            (kind == "blob").then(|| (path.to_owned(), content.to_owned()))
        };
        Ok(list.split('\0').filter_map(entry).collect())
    }

    /// Contents by name, asked of git at once.
    fn texts<'a>(&self, names: impl Iterator<Item = &'a str>) -> Result<BTreeMap<String, String>> {
        let names: BTreeSet<&str> = names.collect();
        if names.is_empty() {
            return Ok(BTreeMap::new());
        }
        let shell = &self.shell;
        let asked = names.iter().map(|name| format!("{name}\n")).collect::<String>();
        let git = cmd!(shell, "git cat-file --batch").quiet().stdin(asked);
        let answer = git.output().context("git cat-file failed")?.stdout;
        let (mut texts, mut rest) = (BTreeMap::new(), answer.as_slice());
        for name in names {
            let end = rest.iter().position(|byte| *byte == b'\n').context("git cat-file ended early")?;
            let head = String::from_utf8_lossy(&rest[..end]).into_owned();
            let size: usize = head
                .rsplit(' ')
                .next()
                .and_then(|size| size.parse().ok())
                .with_context(|| format!("git does not have {name}: {head}"))?;
            let body = rest.get(end + 1..=end + size).context("git cat-file ended early")?;
            texts.insert(name.to_owned(), String::from_utf8_lossy(body).into_owned());
            rest = rest.get(end + size + 2..).unwrap_or_default();
        }
        Ok(texts)
    }
}
