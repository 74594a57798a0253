//! By whose right the ledger is asked and told.

use crate::context::Env;
use crate::error::Problem;
use crate::net;
use crate::secret::Secret;

/// The variable that holds a token.
pub const TOKEN: &str = "PORTBOOK_TOKEN";
/// The variable that names a file with a token.
pub const TOKEN_FILE: &str = "PORTBOOK_TOKEN_FILE";
/// Where a job with `id-token: write` asks for a token of its own, and what it shows there. GitHub sets both.
const REQUEST_URL: &str = "ACTIONS_ID_TOKEN_REQUEST_URL";
const REQUEST_TOKEN: &str = "ACTIONS_ID_TOKEN_REQUEST_TOKEN";

/// What is shown to the ledger, or how it is got.
#[derive(Clone, Debug)]
pub enum Credential {
    /// A token of the ledger's own, and where it was found.
    Token(Secret, String),
    /// GitHub says which job this is, and the ledger gives a short-lived token for that.
    Job {
        /// Where GitHub is asked.
        url: String,
        /// What is shown to GitHub.
        token: Secret,
    },
}

impl Credential {
    /// The first that is there: a token, a file with one, or GitHub's word for this job.
    ///
    /// # Errors
    /// Exit 2 when one is there and is none.
    pub fn of_env(env: &Env) -> Result<Option<Self>, Problem> {
        if let Some(token) = env.get(TOKEN) {
            return Ok(Some(Self::Token(one_word(token, TOKEN)?, TOKEN.to_owned())));
        }
        if let Some(path) = env.get(TOKEN_FILE) {
            let text = std::fs::read_to_string(path)
                .map_err(|error| Problem::usage(format!("{TOKEN_FILE}: cannot read {path}: {error}")))?;
            return Ok(Some(Self::Token(one_word(&text, path)?, path.to_owned())));
        }
        if let (Some(url), Some(token)) = (env.get(REQUEST_URL), env.get(REQUEST_TOKEN)) {
            let host = url.strip_prefix("http://").unwrap_or_default().split(['/', '?']).next();
            if !url.starts_with("https://") && !host.is_some_and(net::is_this_machine) {
                return Err(Problem::usage(format!("{REQUEST_URL} is no https address")));
            }
            return Ok(Some(Self::Job { url: url.to_owned(), token: one_word(token, REQUEST_TOKEN)? }));
        }
        Ok(None)
    }

    /// Where it comes from, for people.
    pub fn source(&self) -> &str {
        match self {
            Self::Token(_, source) => source,
            Self::Job { .. } => "the exchange for GitHub's token",
        }
    }
}

/// The whole of a text that is a token; what it is instead is not told.
fn one_word(text: &str, source: &str) -> Result<Secret, Problem> {
    let text = text.trim();
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Problem::usage(format!("{source} holds no token: expected one word such as pb_…")));
    }
    Ok(Secret::new(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_that_is_there_is_taken_and_none_is_shown() {
        let job = [(REQUEST_URL, "https://token.example/x?v=1"), (REQUEST_TOKEN, "t0psecret")];
        let both = Env::from([(TOKEN, "t0psecret\n"), job[0], job[1]]);
        let token = Credential::of_env(&both).unwrap().unwrap();
        assert!(matches!(&token, Credential::Token(secret, _) if secret.reveal() == "t0psecret"));
        let job = Credential::of_env(&Env::from(job)).unwrap().unwrap();
        assert!(matches!(&job, Credential::Job { .. }));
        assert!(!format!("{token:?}{job:?}").contains("t0psecret"));
        assert!(Credential::of_env(&Env::default()).unwrap().is_none());
        let clear = [(REQUEST_URL, "http://token.example/"), (REQUEST_TOKEN, "t0psecret")];
        for bad in
            [Env::from([(TOKEN, "t0psecret b")]), Env::from([(TOKEN_FILE, "/absent")]), Env::from(clear)]
        {
            let problem = Credential::of_env(&bad).unwrap_err();
            assert_eq!(problem.exit, crate::error::Exit::Usage);
            assert!(!problem.to_string().contains("t0psecret"));
        }
    }
}
