//! Text that never shows.

use std::fmt;

/// A password or token. `Debug` and `Display` of whatever holds it show dots.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a secret over.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one header or body that needs it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("•••")
    }
}

/// Takes known secrets out of text that comes from outside: a server may echo what it was sent.
#[derive(Clone, Debug, Default)]
pub struct Redactor(Vec<Secret>);

impl Redactor {
    /// Learns a secret. One of fewer than four characters would take ordinary text away.
    pub fn learn(&mut self, secret: &Secret) {
        if secret.0.len() >= 4 && !self.0.contains(secret) {
            self.0.push(secret.clone());
        }
    }

    /// The text without the secrets, without control characters, and of at most 300 characters.
    pub fn clean(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in &self.0 {
            text = text.replace(secret.reveal(), "•••");
        }
        text.chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .take(300)
            .collect::<String>()
            .trim()
            .to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_show() {
        let secret = Secret::new("hunter2");
        let mut redactor = Redactor::default();
        redactor.learn(&secret);
        assert!(!format!("{secret:?} {redactor:?}").contains("hunter2"));
        assert_eq!(redactor.clean("no hunter2\nhere"), "no ••• here");
    }
}
