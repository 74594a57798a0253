//! What a publish came to: a table for people, a document for programs.

use super::execute::Brought;
use super::tags::Fate;
use crate::context::Context;
use crate::image::Graph;
use crate::plan::append_summary;
use crate::policy::floating::Move;
use crate::registry::Repository;
use anyhow::Result;
use std::fmt::Write as _;

/// Everything that is told.
pub struct Report<'a> {
    /// Where it was published.
    pub repository: &'a Repository,
    /// What was published.
    pub graph: &'a Graph,
    /// What became of each tag.
    pub fates: &'a [Fate],
    /// What was sent.
    pub brought: Brought,
    /// The manifests that were attached.
    pub attached: usize,
    /// The requests that would be made; none when it was not a dry run.
    pub would: Option<Vec<String>>,
}

impl Report<'_> {
    /// The table as markdown: a row per tag.
    pub fn markdown(&self) -> String {
        let platforms: Vec<String> = self.graph.platforms.iter().map(ToString::to_string).collect();
        let mut text = format!(
            "### {} {}\n\n| tag | digest | platforms | compressed | uploaded | moved |\n|---|---|---|---|---|---|\n",
            if self.would.is_some() { "would publish to" } else { "published to" },
            self.repository.reference()
        );
        for fate in self.fates {
            let _ = writeln!(
                text,
                "| `{}` | `sha256:{}` | {} | {} | {} | {}: {} |",
                fate.wish.tag,
                fate.names.short(),
                platforms.join(", "),
                megabytes(self.graph.size_bytes()),
                megabytes(self.brought.uploaded),
                word(fate.act, self.would.is_some()),
                fate.why.replace('|', "\\|").replace('<', "&lt;"),
            );
        }
        let _ = writeln!(text, "\n`{}` is commit {}.", self.graph.root.digest, self.graph.commit);
        if self.brought.mounted > 0 {
            let _ = writeln!(text, "{} came from another repository.", megabytes(self.brought.mounted));
        }
        text.push('\n');
        text
    }

    /// The document that `--json` prints.
    pub fn json(&self) -> serde_json::Value {
        let tags: Vec<_> = self
            .fates
            .iter()
            .map(|fate| {
                serde_json::json!({ "tag": fate.wish.tag, "floating": fate.wish.floating, "digest": fate.names,
                    "rule": fate.wish.rule, "act": word(fate.act, false), "why": fate.why })
            })
            .collect();
        let platforms: Vec<String> = self.graph.platforms.iter().map(ToString::to_string).collect();
        serde_json::json!({
            "image": self.repository.reference(), "digest": self.graph.root.digest,
            "media_type": self.graph.root.media_type, "commit": self.graph.commit, "platforms": platforms,
            "size_bytes": self.graph.size_bytes(), "uploaded_bytes": self.brought.uploaded,
            "mounted_bytes": self.brought.mounted, "attached": self.attached, "tags": tags,
            "dry_run": self.would.is_some(), "would": self.would, "requests": self.repository.requests(),
        })
    }

    /// Appends the table to the page that `GITHUB_STEP_SUMMARY` names.
    pub fn append_summary(&self, ctx: &Context) -> Result<()> {
        append_summary(ctx, &self.markdown())
    }
}

fn word(act: Move, would: bool) -> &'static str {
    match (act, would) {
        (Move::Create, false) => "created",
        (Move::Create, true) => "create",
        (Move::Move, false) => "moved",
        (Move::Move, true) => "move",
        (Move::Already, _) => "there already",
        (Move::Keep, _) => "kept",
    }
}

fn megabytes(bytes: u64) -> String {
    match bytes {
        0 => "nothing".to_owned(),
        bytes if bytes < 100_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        bytes => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}
