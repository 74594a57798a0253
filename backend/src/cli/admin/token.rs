//! `portbook admin token`

use super::table::{Table, maybe};
use super::{Failure, keep, list, tell};
use crate::config::Reader;
use crate::service::token::Scope;
use clap::{Args, Subcommand};
use evidence::Name;
use serde_json::json;
use std::time::Duration;

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum TokenCommand {
    /// Make a token and print it, this one time
    #[command(after_help = "\
Examples:
  portbook admin token create --project shop --scope evidence:write
  portbook admin token create --project shop --scope read --scope deploy:write:prod \\
      --expires-in 12h --note 'the deploy host' --json")]
    Create(CreateToken),
    /// Show which tokens there are, and never a secret
    #[command(after_help = "\
Examples:
  portbook admin token list
  portbook admin token list --project shop --json")]
    List {
        /// Of this project only
        #[arg(long)]
        project: Option<Name>,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Make a token worthless, at once
    #[command(after_help = "\
Examples:
  portbook admin token revoke 0123456789abcdef     the part after pb_, as `token list` shows it")]
    Revoke {
        /// The token's public half; never the whole token
        id: String,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
pub(in crate::cli) struct CreateToken {
    /// The only project that it is good for
    #[arg(long)]
    project: Name,
    /// What it may do: read, evidence:write, admin, deploy:write:<environment>; repeatable
    #[arg(long = "scope", required = true)]
    scopes: Vec<Scope>,
    /// How long it is good: a number with s, m, h or d
    #[arg(long, default_value = "90d", value_parser = duration)]
    expires_in: Duration,
    /// What people know it by
    #[arg(long)]
    note: Option<String>,
    /// As JSON, with its id and expiry
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(super) fn run(reader: Reader<'_>, command: TokenCommand) -> Result<(), Failure> {
    match command {
        TokenCommand::Create(create) => make(reader, create),
        TokenCommand::List { project, json } => {
            let tokens = keep(reader, async |keeper| keeper.tokens(project.as_ref()).await)?;
            let rows = tokens.iter().map(|token| {
                let used = maybe(token.last_used_at.as_ref());
                let note = maybe(token.note.as_ref());
                let (id, scopes) = (token.id.clone(), token.scopes.join(" "));
                let expires = maybe(token.expires_at.as_ref());
                vec![id, token.project.to_string(), token.state.to_owned(), scopes, expires, used, note]
            });
            let headings = &["ID", "PROJECT", "STATE", "SCOPES", "EXPIRES", "LAST USED", "NOTE"];
            let none = "no tokens; `portbook admin token create` makes one";
            list(json, &tokens, &Table::new(headings, rows), none)
        }
        TokenCommand::Revoke { id, json } => {
            let id = public_half(&id)?;
            let now = keep(reader, async |keeper| keeper.revoke_token(&id).await)?;
            let line = if now { "is revoked" } else { "was revoked before" };
            tell(json, &json!({"id": id, "revoked": now}), &format!("token {id} {line}"))
        }
    }
}

fn make(reader: Reader<'_>, create: CreateToken) -> Result<(), Failure> {
    let CreateToken { project, scopes, expires_in, note, json } = create;
    let made = keep(reader, async |keeper| {
        keeper.create_token(project.clone(), &scopes, expires_in, note.clone()).await
    })?;
    let scopes: Vec<_> = scopes.iter().map(ToString::to_string).collect();
    let shown = json!({
        "token": made.token.reveal(),
        "id": made.token.id(),
        "project": project,
        "scopes": scopes,
        "note": note,
        "expires_at": made.expires_at,
    });
    tell(json, &shown, &made.token.reveal())
}

/// The id, with or without `pb_` before it. What is given is not repeated, because it may be a whole token.
fn public_half(text: &str) -> Result<String, Failure> {
    let id = text.strip_prefix("pb_").unwrap_or(text);
    let hex = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f');
    if id.len() == 16 && id.bytes().all(hex) {
        return Ok(id.to_owned());
    }
    let expected = "expected the token's id of 16 hexadecimal digits, as `portbook admin token list` shows it, and \
                    not the token itself";
    Err(Failure::Usage(expected.to_owned()))
}

fn duration(text: &str) -> Result<Duration, String> {
    let expected = || format!("{text:?} is not a duration: expected a number with s, m, h or d, such as 90d");
    let unit = text.chars().next_back().ok_or_else(expected)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        _ => return Err(expected()),
    };
    let number: u64 = text[..text.len() - unit.len_utf8()].parse().map_err(|_| expected())?;
    let total = number.checked_mul(seconds).filter(|total| *total > 0).ok_or_else(expected)?;
    Ok(Duration::from_secs(total))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_unit() {
        assert_eq!(duration("90d"), Ok(Duration::from_secs(90 * 86_400)));
        assert_eq!(duration("1s"), Ok(Duration::from_secs(1)));
        for bad in ["", "90", "d", "-1d", "0h", "1w", "1é", "99999999999999999999d", "9999999999999999999d"]
        {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_whole_token_is_not_repeated() {
        assert_eq!(public_half("pb_0123456789abcdef").unwrap(), "0123456789abcdef");
        let error = public_half("pb_0123456789abcdef_hunter2").unwrap_err().to_string();
        assert!(!error.contains("hunter2"), "{error}");
    }
}
