//! `evidence list`: a line for each document of the spool.

use crate::context::Context;
use crate::error::{Exit, Reported};
use crate::ledger::{Address, Sent, anywhere};
use crate::plan::summary::paint;
use crate::record::{self, Spooled};
use anyhow::Result;
use evidence::{Claim, Evidence, RFC3339};
use serde_json::json;

/// Arguments of `evidence list`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask evidence list
  cargo xtask evidence list --unsent
  cargo xtask evidence list --json | jq -r '.evidence[] | select(.sent | not) | .file'

A document counts as sent when the ledger at PORTBOOK_URL has said so; without PORTBOOK_URL, when any ledger has.")]
pub struct Args {
    /// Only what was not sent
    #[arg(long)]
    unsent: bool,
    /// Print the answer as JSON
    #[arg(long)]
    json: bool,
}

/// Lists the evidence; a file that is none is an error, told after all others.
pub fn run(ctx: &Context, args: &Args) -> Result<()> {
    let address = Address::of_env(&ctx.env)?;
    let to = address.as_ref().map(|address| Sent::to(ctx, address));
    let is_sent = |document: &Evidence| {
        let sha256 = document.sha256();
        to.as_ref().map_or_else(|| anywhere(ctx, &sha256), |to| to.has(&sha256))
    };
    let (mut good, mut broken) = (Vec::new(), Vec::new());
    for Spooled { path, document } in record::spool(ctx)? {
        let file = ctx.shown(&path).to_string();
        match document {
            Ok(document) => {
                let sent = is_sent(&document);
                good.push((document, sent, file));
            }
            Err(why) => broken.push((file, why)),
        }
    }
    let all = good.len();
    let unsent = good.iter().filter(|(_, sent, _)| !sent).count();
    good.retain(|(_, sent, _)| !(args.unsent && *sent));
    if args.json {
        let evidence: Vec<_> = good
            .iter()
            .map(|(document, sent, file)| {
                json!({ "kind": document.claim.kind(), "subject": document.claim.subject(),
                    "occurred_at": written(document), "sha256": document.sha256(), "sent": sent, "file": file })
            })
            .collect();
        let broken: Vec<_> = broken.iter().map(|(file, why)| json!({ "file": file, "why": why })).collect();
        let ledger = address.map(|address| address.base);
        println!("{:#}", json!({ "ledger": ledger, "evidence": evidence, "broken": broken }));
    } else {
        for (document, sent, file) in &good {
            let (sent, claim) = (if *sent { "sent" } else { "not sent" }, &document.claim);
            println!("{:<12} {:<7}  {}  {sent:<8}  {file}", claim.kind(), short(claim), written(document));
        }
        let line = format!("{all} documents, {unsent} not sent");
        eprintln!("{}", paint(ctx.out, "2", &line));
    }
    for (file, why) in &broken {
        eprintln!("error: {file}: {why}\n  next: rm {file}");
    }
    if broken.is_empty() { Ok(()) } else { Err(Reported(Exit::Failed).into()) }
}

fn written(document: &Evidence) -> String {
    document.occurred_at.format(RFC3339).unwrap_or_default()
}

/// A commit by its seven digits, anything else whole.
fn short(claim: &Claim) -> String {
    claim.commit().map_or_else(|| claim.subject(), |commit| commit.short().to_owned())
}
