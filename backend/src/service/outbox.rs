//! Notices about incidents, signed as Standard Webhooks has it.
//!
//! The projection writes them, in the transaction that finds an incident. They are sent at least once; a receiver knows
//! one that comes twice by its `webhook-id`.

use crate::config::{NotifyConfig, NotifySecret};
use crate::net::{Client, NetError};
use crate::store::{Lock, OutboxRow, Store, StoreError, Told};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Method, StatusCode};
use ring::hmac;
use std::time::Duration;

/// How many notices one step sends.
const BATCH: i64 = 10;

/// How long a receiver may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

const SECOND: i64 = 1_000_000;

/// How long a claim lasts: longer than all of a batch may take.
const CLAIM: i64 = 180 * SECOND;

/// How long to wait after each attempt that failed: a day in all, and then it is given up.
const PAUSES: &[i64] = &[5, 60, 300, 1800, 7200, 18_000, 28_800, 28_800];

/// Sends the notices that are due; answers how many it tried.
///
/// # Errors
/// When the database cannot be used. That a receiver does not take a notice is no error: it is tried again.
pub async fn send_due(
    store: &Store,
    client: &Client,
    notify: &NotifyConfig,
    now: i64,
) -> Result<usize, StoreError> {
    if !store.read().await?.is_notice_due(now).await? {
        return Ok(0);
    }
    let mut session = store.write(Lock::None).await?;
    let notices = session.claim_notices(now, now + CLAIM, BATCH).await?;
    session.commit().await?;
    for notice in &notices {
        let outcome = send(client, notify, notice, now).await;
        settle(store, notice, outcome, now).await?;
    }
    Ok(notices.len())
}

/// Why a notice was not taken.
struct Refused {
    why: String,
    /// The receiver wants no more of it.
    forever: bool,
}

async fn send(client: &Client, notify: &NotifyConfig, notice: &OutboxRow, now: i64) -> Result<(), Refused> {
    let again = |why: String| Refused { why, forever: false };
    let timestamp = (now / SECOND).to_string();
    let signature = sign(&notify.secret, &notice.id, &timestamp, &notice.body);
    let request = client.request(Method::POST, &notify.url).map_err(|error| again(error.to_string()))?;
    let asked = request
        .timeout(PATIENCE)
        .header("content-type", "application/json")
        .header("webhook-id", &notice.id)
        .header("webhook-timestamp", timestamp)
        .header("webhook-signature", signature)
        .body(notice.body.clone())
        .send()
        .await;
    let response = asked.map_err(|error| again(NetError::from(error).to_string()))?;
    let status = response.status();
    // A redirect that was followed became a GET, without the notice.
    if response.url().as_str().parse::<reqwest::Url>().ok() != notify.url.parse().ok() {
        return Err(again("the receiver redirects, and a notice is not sent elsewhere".to_owned()));
    }
    if status.is_success() {
        return Ok(());
    }
    Err(Refused { why: format!("the receiver answers {status}"), forever: status == StatusCode::GONE })
}

async fn settle(
    store: &Store,
    notice: &OutboxRow,
    outcome: Result<(), Refused>,
    now: i64,
) -> Result<(), StoreError> {
    let pause = usize::try_from(notice.attempts - 1).ok().and_then(|index| PAUSES.get(index));
    let (id, event, attempts) = (notice.id.as_str(), notice.event.as_str(), notice.attempts);
    let (state, next_attempt_at, error) = match outcome {
        Ok(()) => ("sent", now, None),
        Err(Refused { why, forever: false }) if pause.is_some() => {
            ("pending", now + pause.copied().unwrap_or_default() * SECOND, Some(why))
        }
        Err(Refused { why, .. }) => ("failed", now, Some(why)),
    };
    match &error {
        None => tracing::info!(id, event, attempts, "told about an incident"),
        Some(error) if state == "failed" => {
            let advice =
                "could not tell about an incident, and gave up; `portbook admin outbox retry` sends it again";
            tracing::error!(id, event, attempts, error, "{advice}");
        }
        Some(error) => tracing::warn!(id, event, attempts, error, "could not tell about an incident yet"),
    }
    let mut session = store.write(Lock::None).await?;
    let told = Told { id, attempts, state, next_attempt_at, error: error.as_deref() };
    session.told(&told).await?;
    session.commit().await
}

/// The value of `webhook-signature`: `v1,` and the HMAC-SHA256 of id, timestamp and body, with dots between them.
fn sign(secret: &NotifySecret, id: &str, timestamp: &str, body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.bytes());
    let tag = hmac::sign(&key, format!("{id}.{timestamp}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_is_tried_for_about_a_day() {
        let hours = PAUSES.iter().sum::<i64>() / 3600;
        assert!((23..=24).contains(&hours), "{hours}");
        assert!(PAUSES.is_sorted());
    }
}
