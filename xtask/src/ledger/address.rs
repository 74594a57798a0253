//! Where the ledger is.

use crate::context::Env;
use crate::error::Problem;
use crate::net;

/// The variable that names the ledger.
pub const URL: &str = "PORTBOOK_URL";

/// A ledger's address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// What paths are put behind; it has no `/` at its end.
    pub base: String,
    /// Scheme, host and port: the audience of a token that is meant for this ledger.
    pub origin: String,
}

impl Address {
    /// From `PORTBOOK_URL`; none where that is not set.
    ///
    /// # Errors
    /// Exit 2 when it is no address that evidence and a token may be sent to.
    pub fn of_env(env: &Env) -> Result<Option<Self>, Problem> {
        env.get(URL).map(Self::parse).transpose()
    }

    /// Reads an address: https, or http to this machine.
    fn parse(text: &str) -> Result<Self, Problem> {
        let bad = |what: &str| {
            Problem::usage(format!("{URL} {what}: expected an address such as https://ledger.example.org"))
        };
        let text = text.trim();
        let (scheme, rest) = text.split_once("://").ok_or_else(|| bad("has no scheme"))?;
        let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
        if authority.contains('@') {
            // Not repeated: there may be a password before the @.
            return Err(bad("names a user; the credential goes into PORTBOOK_TOKEN"));
        }
        if authority.is_empty() || text.contains(['?', '#', '\\']) || text.contains(char::is_whitespace) {
            return Err(bad(&format!("is {text:?}")));
        }
        let (scheme, mut authority) = (scheme.to_ascii_lowercase(), authority.to_ascii_lowercase());
        let port = match scheme.as_str() {
            "https" => ":443",
            "http" if net::is_this_machine(&authority) => ":80",
            _ => return Err(bad(&format!("is {text}, and evidence and tokens are sent by https alone"))),
        };
        if let Some(short) = authority.strip_suffix(port) {
            authority = short.to_owned();
        }
        let origin = format!("{scheme}://{authority}");
        Ok(Self { base: format!("{origin}{}", path.trim_end_matches('/')), origin })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_one_form_and_an_origin() {
        for (text, base, origin) in [
            ("https://L.Example:443/", "https://l.example", "https://l.example"),
            ("https://l.example/port/book/", "https://l.example/port/book", "https://l.example"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ] {
            let address = Address::parse(text).unwrap();
            assert_eq!((address.base.as_str(), address.origin.as_str()), (base, origin));
        }
    }

    #[test]
    fn nothing_is_sent_in_the_clear_and_no_password_is_repeated() {
        for bad in [
            "ledger.example",
            "http://ledger.example",
            "http://127.0.0.1.example",
            "ftp://127.0.0.1",
            "https://",
            "https://l.example/?a=b",
            "https://l.example/a b",
            "https://user:t0psecret@l.example",
        ] {
            let problem = Address::parse(bad).unwrap_err();
            assert_eq!(problem.exit, crate::error::Exit::Usage, "{bad}");
            assert!(!problem.to_string().contains("t0psecret"));
        }
    }
}
