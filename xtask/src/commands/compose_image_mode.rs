//! `compose-image-mode`: docker-compose.dev.yml builds the application, or runs a published image.
//!
//! The mode is one variable, IMAGE_TAG, which plain `docker compose` reads from the environment or from
//! `.env`. This command writes it there and takes it away again; no YAML is touched.

use super::Needs;
use crate::context::Context;
use crate::error::{Exit, Problem};
use crate::plan::Need;
use crate::policy::Pipeline;
use anyhow::{Context as _, Result};
use clap::ValueEnum;
use evidence::Tag;
use std::path::Path;

/// Arguments of `compose-image-mode`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask compose-image-mode on --tag sha-a1b2c3d   run that image; nothing can be built
  cargo xtask compose-image-mode off                    build again; .env is byte for byte as before
  cargo xtask compose-image-mode                        say which mode is on
Without this command:
  IMAGE_TAG=sha-a1b2c3d docker compose -f docker-compose.dev.yml up")]
pub struct Args {
    /// What to do
    #[arg(value_enum, default_value_t)]
    mode: Mode,
    /// The image's tag, such as sha-a1b2c3d; without it the present commit's
    #[arg(long, value_parser = parse_tag)]
    tag: Option<Tag>,
    /// Print the answer as JSON
    #[arg(long)]
    json: bool,
}

/// What to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Mode {
    /// Run a published image.
    On,
    /// Build.
    Off,
    /// Say which mode is on.
    #[default]
    Status,
}

fn parse_tag(text: &str) -> Result<Tag, String> {
    text.parse().map_err(|error: evidence::ParseTagError| error.to_string())
}

const BEGIN: &str = "# compose-image-mode: on. Take it away with: cargo xtask compose-image-mode off\n";
const END: &str = "# compose-image-mode: end\n";
const VARIABLE: &str = "IMAGE_TAG";

/// The file's text with image mode on. The block stands first, so that the rest keeps its every byte.
fn switched_on(text: &str, tag: &Tag) -> String {
    format!("{BEGIN}{VARIABLE}={tag}\n{END}{}", switched_off(text))
}

/// The file's text without our block.
fn switched_off(text: &str) -> &str {
    let rest = text.strip_prefix(BEGIN).and_then(|rest| rest.split_once(END));
    rest.map_or(text, |(_, rest)| rest)
}

/// The tag in our block.
fn tag_in_block(text: &str) -> Option<&str> {
    let (block, _) = text.strip_prefix(BEGIN)?.split_once(END)?;
    block.lines().find_map(|line| line.strip_prefix(VARIABLE)?.strip_prefix('='))
}

/// The line, counted from 1, on which the user sets the variable, and its value.
fn users_own(text: &str) -> Option<(usize, String)> {
    let skipped = text.len() - switched_off(text).len();
    let before = text[..skipped].lines().count();
    switched_off(text).lines().enumerate().find_map(|(at, line)| {
        let line = line.trim_start();
        let line = line.strip_prefix("export ").unwrap_or(line).trim_start();
        let value = line.strip_prefix(VARIABLE)?.trim_start().strip_prefix('=')?;
        Some((before + at + 1, value.trim().to_owned()))
    })
}

/// Switches, or says which mode is on.
pub fn run(ctx: &Context, args: &Args) -> Result<()> {
    if args.mode != Mode::On && args.tag.is_some() {
        return Err(Problem::usage("--tag goes with on")
            .next("cargo xtask compose-image-mode on --tag TAG")
            .into());
    }
    let path = ctx.root.join(".env");
    let text = read(&path)?;
    match args.mode {
        Mode::Status => return status(ctx, args, &text),
        Mode::On => {
            if let Some((line, value)) = users_own(&text) {
                return Err(Problem::usage(format!(
                    ".env sets {VARIABLE}={value} on line {line}: that line would win over this command"
                ))
                .next(format!("take line {line} out of .env, or edit it by hand"))
                .into());
            }
            let tag = match &args.tag {
                Some(tag) => tag.clone(),
                None => ctx.head()?.commit.tag(),
            };
            write(&path, &switched_on(&text, &tag))?;
        }
        Mode::Off => {
            let rest = switched_off(&text);
            if rest.len() == text.len() {
                eprintln!("image mode was not on: nothing to do");
            } else if rest.is_empty() {
                // The file was made by `on`: it goes as it came.
                std::fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
            } else {
                write(&path, rest)?;
            }
        }
    }
    status(ctx, args, &read(&path)?)
}

fn status(ctx: &Context, args: &Args, text: &str) -> Result<()> {
    let pipeline = Pipeline::read(&ctx.root)?;
    // Compose's own order: the shell before .env, in .env the last line.
    let (tag, from) = match (ctx.env.get(VARIABLE), users_own(text), tag_in_block(text)) {
        (Some(tag), _, _) => (Some(tag.to_owned()), "the environment"),
        (None, Some((_, tag)), _) if !tag.is_empty() => (Some(tag), ".env"),
        (None, _, Some(tag)) => (Some(tag.to_owned()), ".env"),
        _ => (None, "no variable"),
    };
    let image = tag.as_ref().map(|tag| {
        let registry = ctx.env.get("IMAGE_REGISTRY").unwrap_or(&pipeline.image.registry);
        let repository = ctx.env.get("IMAGE_REPO").unwrap_or(&pipeline.image.repository);
        format!("{}/{}:{tag}", registry.to_lowercase(), repository.to_lowercase())
    });
    let mode = if image.is_some() { "image" } else { "build" };
    if args.json {
        println!("{}", serde_json::json!({ "mode": mode, "image": image, "from": from }));
        return Ok(());
    }
    match &image {
        Some(image) => println!("image mode: {image} (from {from})"),
        None => println!("build mode"),
    }
    if let Some(lack) = Needs::new(ctx).lack(Need::Compose) {
        eprintln!("note: {lack}");
    }
    eprintln!("  next: docker compose -f docker-compose.dev.yml up");
    Ok(())
}

/// The file's text, empty when there is no file.
fn read(path: &Path) -> Result<String> {
    match std::fs::read(path) {
        Ok(bytes) => String::from_utf8(bytes).map_err(|_| {
            Problem::usage(format!("{} is not UTF-8: nothing was changed", path.display())).into()
        }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => {
            Err(Problem::new(Exit::Failed, format!("cannot read {}: {error}", path.display())).into())
        }
    }
}

/// Replaces the file in one step, so that an interruption loses nothing; its permissions stay.
fn write(path: &Path, text: &str) -> Result<()> {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let temporary = path.with_file_name(format!(".env.{}.tmp", std::process::id()));
    let written = std::fs::write(&temporary, text).and_then(|()| {
        if let Ok(old) = std::fs::metadata(&path) {
            std::fs::set_permissions(&temporary, old.permissions())?;
        }
        std::fs::rename(&temporary, &path)
    });
    written.map_err(|error| {
        let _ = std::fs::remove_file(&temporary);
        Problem::new(Exit::Failed, format!("cannot write {}: {error}; nothing was changed", path.display()))
            .into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_and_off_give_back_every_byte() {
        let tag: Tag = "sha-a1b2c3d".parse().unwrap();
        let other: Tag = "v1".parse().unwrap();
        for text in ["", "A=1", "A=1\n", "# a comment\r\nA='x y'\r\n\r\n", "\n\nA=1\nno newline at the end"] {
            let on = switched_on(text, &tag);
            assert_eq!(tag_in_block(&on), Some("sha-a1b2c3d"));
            let again = switched_on(&on, &other);
            assert_eq!(tag_in_block(&again), Some("v1"));
            assert_eq!(switched_off(&again), text);
        }
    }

    #[test]
    fn the_users_own_line_is_found_and_comments_are_not() {
        assert_eq!(users_own("A=1\nIMAGE_TAG = x\n"), Some((2, "x".to_owned())));
        assert_eq!(users_own("export IMAGE_TAG=x"), Some((1, "x".to_owned())));
        assert_eq!(users_own("#IMAGE_TAG=x\nIMAGE_TAGS=y\n"), None);
        let on = switched_on("IMAGE_TAG=mine\n", &"t".parse().unwrap());
        assert_eq!(users_own(&on), Some((4, "mine".to_owned())));
    }
}
