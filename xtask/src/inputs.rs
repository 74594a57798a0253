//! The arguments of a call from variables: a workflow has its inputs there, and pastes none of them into a script.

use crate::cli::Cli;
use crate::context::Env;
use crate::error::Problem;
use clap::CommandFactory as _;
use std::ffi::OsString;

/// The commands that take their arguments from variables where none is typed. What is typed means what it says, whatever
/// the variables hold.
pub const COMMANDS: &[&str] = &["deploy", "promote"];

/// The call as it is typed; the name of such a command alone is followed by the options that variables give it:
/// `PORTBOOK_DEPLOY_FORCE_REDEPLOY` is `--force-redeploy` of `deploy`. An empty variable gives nothing.
///
/// # Errors
/// Exit 2 for an option without a value that is neither `true` nor `false`.
pub fn expanded(typed: impl IntoIterator<Item = OsString>, env: &Env) -> Result<Vec<OsString>, Problem> {
    let mut call: Vec<OsString> = typed.into_iter().collect();
    let [_, name] = call.as_slice() else { return Ok(call) };
    let Some(name) = COMMANDS.iter().copied().find(|known| name == known) else { return Ok(call) };
    let cli = Cli::command();
    let options = cli.find_subcommand(name).into_iter().flat_map(clap::Command::get_arguments);
    for (option, long) in options.filter_map(|option| Some((option, option.get_long()?))) {
        let variable = variable(name, long);
        let Some(value) = env.get(&variable) else { continue };
        match (option.get_action().takes_values(), value) {
            // In one word, so that a value that begins with a dash is no option.
            (true, value) => call.push(format!("--{long}={value}").into()),
            (false, "true") => call.push(format!("--{long}").into()),
            (false, "false") => {}
            (false, other) => {
                return Err(Problem::usage(format!("{variable} is {other:?}: expected true or false")));
            }
        }
    }
    Ok(call)
}

/// The variable that gives a command an option.
fn variable(command: &str, option: &str) -> String {
    format!("PORTBOOK_{command}_{option}").to_uppercase().replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call<const N: usize>(typed: &[&str], env: [(&str, &str); N]) -> Result<Vec<String>, Problem> {
        let typed = ["xtask"].iter().chain(typed).map(OsString::from);
        let all = expanded(typed, &Env::from(env))?;
        Ok(all.into_iter().skip(1).map(|word| word.into_string().unwrap()).collect())
    }

    #[test]
    fn variables_stand_in_for_what_is_not_typed() {
        let env = [
            ("PORTBOOK_DEPLOY_ENV", "prod"),
            ("PORTBOOK_DEPLOY_TAG", "--json"),
            ("PORTBOOK_DEPLOY_DIGEST", ""),
            ("PORTBOOK_DEPLOY_FORCE_REDEPLOY", "true"),
            ("PORTBOOK_DEPLOY_SKIP_IF_RUNNING", "false"),
            ("PORTBOOK_DEPLOY_HOLDER", "ada"),
            ("PORTBOOK_PROMOTE_TO", "staging"),
        ];
        let deploy = ["deploy", "--env=prod", "--tag=--json", "--force-redeploy"];
        assert_eq!(call(&["deploy"], env).unwrap(), deploy);
        assert_eq!(call(&["promote"], env).unwrap(), ["promote", "--to=staging"]);
        for typed in [&["deploy", "--env=dev"][..], &["deploy", "--help"], &["status"], &[]] {
            assert_eq!(call(typed, env).unwrap(), typed);
        }
    }

    #[test]
    fn an_option_is_on_or_off() {
        let error = call(&["deploy"], [("PORTBOOK_DEPLOY_DRY_RUN", "maybe")]).unwrap_err().to_string();
        assert!(error.contains("PORTBOOK_DEPLOY_DRY_RUN") && error.contains("true or false"), "{error}");
    }
}
