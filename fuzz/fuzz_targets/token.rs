//! What comes as a header or as a workflow's token: read or refused, and never a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use portbook::github::oidc::{SignedToken, read_keys};
use portbook::github::{Secrets, verify};
use portbook::service::token::{Scope, Token};

fuzz_target!(|text: &str| {
    if let Some(token) = Token::parse(text) {
        assert_eq!(token.reveal(), text);
        assert!(!format!("{token:?}").contains(&text[text.len() - 64..]), "its secret shows");
    }
    if let Ok(scope) = text.parse::<Scope>() {
        assert_eq!(scope.to_string(), text);
    }
    if let Ok(token) = SignedToken::parse(text) {
        // No key that we know has signed what a fuzzer makes up.
        let keys = read_keys(include_bytes!("../seeds/keys.json")).expect("the key set of the tests reads");
        assert!(keys.values().all(|key| token.verify(key).is_err()));
    }
    if let Some(keys) = read_keys(text.as_bytes()) {
        let token =
            SignedToken::parse(include_str!("../seeds/token/signed").trim()).expect("the sample reads");
        keys.values().for_each(|key| drop(token.verify(key)));
    }
    if let Ok(secrets) = Secrets::parse(text) {
        assert!(verify(&secrets, Some(text), text.as_bytes()).is_err());
    }
    let known = Secrets::parse("a secret that only tests know").expect("a secret of the tests reads");
    assert!(verify(&known, Some(text), b"{}").is_err());
});
