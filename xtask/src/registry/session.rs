//! Who asks: the part of the transport that answers challenges and fetches tokens.

use super::auth::{self, Challenge, Token};
use super::call::{Answer, Call, Payload, Stumble};
use super::credentials::Kind;
use super::fault;
use super::transport::Transport;
use crate::error::{Exit, Problem};
use crate::net;
use crate::patience::passes;
use crate::secret::Secret;
use std::time::Instant;

impl Transport {
    /// Authenticates as the registry asks, and sends the request once more.
    pub(super) fn answer_challenge(
        &self,
        call: &Call,
        answer: &Answer,
        shown: bool,
    ) -> Result<Answer, Stumble> {
        let challenge = answer.challenge();
        let refused = || fault::unauthorised(&self.host, &self.credentials);
        match &challenge {
            Some(Challenge::Basic) if !shown && matches!(self.credentials.kind, Kind::Password(..)) => {
                self.basic.set(true);
            }
            Some(challenge @ Challenge::Bearer { realm, service, scope, .. }) => {
                if shown && fault::is_insufficient(challenge) {
                    return Err(Stumble::Final(self.lacks(scope, call, answer)));
                }
                if matches!(self.credentials.kind, Kind::Bearer(_)) {
                    return Err(Stumble::Final(fault::stale_token(&self.host, &self.credentials)));
                }
                *self.token.borrow_mut() = Some(self.fetch_token(realm, service, scope)?);
            }
            _ => return Err(Stumble::Final(refused())),
        }
        let answer = self.exchange(&self.agent, call, self.authorization().as_ref())?;
        Err(Stumble::Final(match answer.status {
            401 => match answer.challenge() {
                Some(Challenge::Basic) | None => refused(),
                Some(ref challenge @ Challenge::Bearer { ref scope, .. })
                    if fault::is_insufficient(challenge) =>
                {
                    self.lacks(scope, call, &answer)
                }
                Some(Challenge::Bearer { .. }) if matches!(self.credentials.kind, Kind::Anonymous) => {
                    refused()
                }
                Some(Challenge::Bearer { .. }) => fault::stale_token(&self.host, &self.credentials),
            },
            403 => self.denied(call, &answer),
            _ => return Ok(answer),
        }))
    }

    /// What to show, if anything.
    pub(super) fn authorization(&self) -> Option<Secret> {
        if let Kind::Bearer(token) = &self.credentials.kind {
            return Some(Secret::new(format!("Bearer {}", token.reveal())));
        }
        if let Some(token) = self.token.borrow().as_ref().filter(|token| token.until > Instant::now()) {
            return Some(Secret::new(format!("Bearer {}", token.secret.reveal())));
        }
        match &self.credentials.kind {
            Kind::Password(user, password) if self.basic.get() => Some(auth::basic(user, password)),
            _ => None,
        }
    }

    fn fetch_token(&self, realm: &str, service: &str, asked: &str) -> Result<Token, Stumble> {
        if self.base.starts_with("https://") && !realm.starts_with("https://") {
            return Err(Stumble::Final(Problem::new(
                Exit::Failed,
                format!("{} sends us to a token service without TLS; no credentials were sent", self.host),
            )));
        }
        let agent = net::agent(&self.env, realm);
        let mut scopes: Vec<&str> = self.scopes.iter().map(String::as_str).collect();
        if scopes.is_empty() && !asked.is_empty() {
            scopes.push(asked);
        }
        let call = match &self.credentials.kind {
            Kind::Identity(token) => {
                let form = format!(
                    "grant_type=refresh_token&client_id=portbook-xtask&service={}&scope={}&refresh_token={}",
                    auth::encode(service),
                    auth::encode(&scopes.join(" ")),
                    auth::encode(token.reveal())
                );
                Call::new("POST", realm)
                    .header("content-type", "application/x-www-form-urlencoded")
                    .body(Payload::Bytes(form.into_bytes()))
            }
            _ => {
                let mark = if realm.contains('?') { '&' } else { '?' };
                let mut url = format!("{realm}{mark}service={}", auth::encode(service));
                for scope in &scopes {
                    url += &format!("&scope={}", auth::encode(scope));
                }
                Call::new("GET", url)
            }
        };
        let shown = match &self.credentials.kind {
            Kind::Password(user, password) => Some(auth::basic(user, password)),
            _ => None,
        };
        let answer = self.exchange(&agent, &call, shown.as_ref())?;
        match answer.status {
            200 => match auth::read_token(&answer.body, Instant::now()) {
                Some(token) => {
                    self.redactor.borrow_mut().learn(&token.secret);
                    Ok(token)
                }
                None => Err(Stumble::Cut("the token service sent no token".to_owned())),
            },
            400 | 401 if matches!(self.credentials.kind, Kind::Identity(_)) => {
                Err(Stumble::Final(fault::stale_token(&self.host, &self.credentials)))
            }
            401 => Err(Stumble::Final(fault::unauthorised(&self.host, &self.credentials))),
            403 => Err(Stumble::Final(fault::denied(&self.host, &scopes.join(" "), &self.said(&answer)))),
            status if passes(status) => {
                Err(Stumble::Cut(format!("the token service answers {}", self.said(&answer))))
            }
            _ => Err(Stumble::Final(fault::unexpected(&self.host, "a token", &self.said(&answer)))),
        }
    }

    /// The error for a 403.
    pub(super) fn denied(&self, call: &Call, answer: &Answer) -> Problem {
        let (code, _) = fault::said(answer);
        if code == "NAME_UNKNOWN" {
            return fault::unknown_repository(&self.host, &call.line());
        }
        self.lacks("", call, answer)
    }

    /// The scope that a request needs and these credentials lack.
    fn lacks(&self, told: &str, call: &Call, answer: &Answer) -> Problem {
        let wanted = self.scopes.first().map_or("", String::as_str);
        let scope = if told.is_empty() { wanted } else { told };
        let scope = match call.method {
            "GET" | "HEAD" => scope.replace("pull,push", "pull"),
            _ => scope.to_owned(),
        };
        fault::denied(&self.host, &self.clean(&scope), &self.said(answer))
    }
}
