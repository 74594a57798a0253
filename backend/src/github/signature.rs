//! Whether GitHub sent it: `X-Hub-Signature-256`, an HMAC-SHA256 over the raw body.
//!
//! Two secrets may be live at once, so that one can be exchanged for another without losing an event.

use ring::hmac;
use std::fmt;

/// The fewest characters of a secret.
pub const SHORTEST_SECRET: usize = 16;

/// The secrets that events may be signed with.
#[derive(Clone)]
pub struct Secrets(Vec<hmac::Key>);

/// Why a text is no set of [`Secrets`]. It never repeats them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretsError {
    /// None, or more than two.
    #[error("expected one secret, or two on a line each while one replaces the other; found {0}")]
    Count(usize),
    /// One that could be guessed.
    #[error("expected secrets of at least {SHORTEST_SECRET} characters; the one on line {0} is shorter")]
    Short(usize),
}

/// Why an event is not taken for GitHub's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// There is no signature.
    #[error("the header X-Hub-Signature-256 is missing; set a secret in the webhook's settings on GitHub")]
    Missing,
    /// There is something else in its place.
    #[error("the header X-Hub-Signature-256 is not `sha256=` and 64 hexadecimal digits")]
    Malformed,
    /// It was made with another secret, or for another body.
    #[error("the signature was not made over this body with a secret that is live here")]
    Wrong,
}

impl Secrets {
    /// Reads one or two lines, each a secret. Empty lines and the space around a secret do not count.
    ///
    /// # Errors
    /// When there are none or more than two, or one is short.
    pub fn parse(text: &str) -> Result<Self, SecretsError> {
        let lines: Vec<(usize, &str)> = text
            .lines()
            .enumerate()
            .map(|(index, line)| (index + 1, line.trim()))
            .filter(|(_, line)| !line.is_empty())
            .collect();
        if !(1..=2).contains(&lines.len()) {
            return Err(SecretsError::Count(lines.len()));
        }
        match lines.iter().find(|(_, line)| line.chars().count() < SHORTEST_SECRET) {
            Some((number, _)) => Err(SecretsError::Short(*number)),
            None => {
                let key = |(_, line): &(usize, &str)| hmac::Key::new(hmac::HMAC_SHA256, line.as_bytes());
                Ok(Self(lines.iter().map(key).collect()))
            }
        }
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets({} live)", self.0.len())
    }
}

/// Whether the header holds the signature of the body under one of the secrets. The comparison takes the same
/// time however much of it is right.
///
/// # Errors
/// When it does not.
pub fn verify(secrets: &Secrets, header: Option<&str>, body: &[u8]) -> Result<(), SignatureError> {
    let header = header.ok_or(SignatureError::Missing)?;
    let digits = header.strip_prefix("sha256=").ok_or(SignatureError::Malformed)?;
    let tag = decode(digits).ok_or(SignatureError::Malformed)?;
    // Each secret is tried, whichever fits, so that the time does not tell which one is in use.
    let fitting = secrets.0.iter().filter(|key| hmac::verify(key, body, &tag).is_ok()).count();
    if fitting > 0 { Ok(()) } else { Err(SignatureError::Wrong) }
}

/// 64 hexadecimal digits as 32 bytes.
fn decode(digits: &str) -> Option<[u8; 32]> {
    let digits = digits.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let digit = |at: usize| pair.get(at).and_then(|digit| char::from(*digit).to_digit(16));
        *byte = u8::try_from(digit(0)? * 16 + digit(1)?).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = b"Hello, World!";
    // The example of GitHub's own page "Validating webhook deliveries".
    const SECRET: &str = "It's a Secret to Everybody";
    const SIGNATURE: &str = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

    fn try_with(secrets: &str, header: Option<&str>) -> Result<(), SignatureError> {
        verify(&Secrets::parse(secrets).unwrap(), header, BODY)
    }

    #[test]
    fn the_documented_example_holds() {
        assert_eq!(try_with(SECRET, Some(SIGNATURE)), Ok(()));
        let upper = format!("sha256={}", SIGNATURE[7..].to_uppercase());
        assert_eq!(try_with(SECRET, Some(&upper)), Ok(()));
    }

    #[test]
    fn either_of_two_secrets_is_live() {
        let other = "another-secret-of-some-length";
        assert_eq!(try_with(&format!("{other}\n{SECRET}\n"), Some(SIGNATURE)), Ok(()));
        assert_eq!(try_with(&format!("{SECRET}\n\n  {other}\r\n"), Some(SIGNATURE)), Ok(()));
        assert_eq!(try_with(other, Some(SIGNATURE)), Err(SignatureError::Wrong));
    }

    #[test]
    fn anything_else_is_refused_for_what_it_is() {
        let cases = [
            (None, SignatureError::Missing),
            (Some(""), SignatureError::Malformed),
            (Some("sha256="), SignatureError::Malformed),
            (Some(&SIGNATURE[7..]), SignatureError::Malformed),
            (Some(&SIGNATURE[..70]), SignatureError::Malformed),
            (Some("sha1=757107ea0eb2509fc211221cce984b8a37570b6d"), SignatureError::Malformed),
            (Some(&*format!("sha256={}", "é".repeat(32))), SignatureError::Malformed),
            (Some(&*format!("sha256={}", "+f".repeat(32))), SignatureError::Malformed),
            (Some(&*SIGNATURE.replace('7', "8")), SignatureError::Wrong),
        ]
        .map(|(header, expected)| (header.map(str::to_owned), expected));
        for (header, expected) in cases {
            assert_eq!(try_with(SECRET, header.as_deref()), Err(expected), "{header:?}");
        }
        let secrets = Secrets::parse(SECRET).unwrap();
        let changed = verify(&secrets, Some(SIGNATURE), b"Hello, World?");
        assert_eq!(changed, Err(SignatureError::Wrong));
    }

    #[test]
    fn secrets_are_one_or_two_and_not_short_and_never_shown() {
        for (text, expected) in [
            ("", SecretsError::Count(0)),
            ("\n \n", SecretsError::Count(0)),
            ("a\nb\nc", SecretsError::Count(3)),
            ("fifteen-letters", SecretsError::Short(1)),
            ("sixteen-letters!\n\nshort", SecretsError::Short(3)),
        ] {
            assert_eq!(Secrets::parse(text).unwrap_err(), expected, "{text:?}");
        }
        let shown = format!("{:?}", Secrets::parse(SECRET).unwrap());
        assert_eq!(shown, "Secrets(1 live)");
    }
}
