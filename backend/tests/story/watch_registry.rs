//! The watcher of registries, and what registries answer: lists, digests, refusals, faults.

use crate::support::web::{Asked, Said, Web};
use crate::support::*;
use portbook::net::Client;
use portbook::service::admin::Keeper;
use portbook::service::admin::watch::Credentials;
use portbook::service::{clock, watch};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const SECOND: i64 = 1_000_000;
const MINUTE: Duration = Duration::from_secs(60);

/// What a registry holds: tags and the numbers of their digests.
type Tags = Arc<Mutex<Vec<(&'static str, u32)>>>;

/// A ledger that watches one repository of a registry.
struct Watched {
    ledger: Ledger,
    client: Client,
    web: Web,
    tags: Tags,
    /// When the first look was.
    began: i64,
}

/// The distribution API, as far as a watcher needs it.
fn registry(tags: &Tags) -> impl Fn(&Asked) -> Said + Send + use<> {
    let tags = Arc::clone(tags);
    move |asked| {
        let tags = tags.lock().unwrap();
        if let Some(query) = asked.path.strip_prefix("/v2/octo/shop/tags/list") {
            // Two to a page.
            let last = query.split_once("last=").map(|(_, last)| last.to_owned());
            let rest =
                tags.iter().map(|tag| tag.0).skip_while(|tag| last.as_ref().is_some_and(|last| tag != last));
            let page: Vec<_> = rest.skip(usize::from(last.is_some())).collect();
            let mut headers = vec![];
            if page.len() > 2 {
                headers
                    .push(("link", format!("</v2/octo/shop/tags/list?n=2&last={}>; rel=\"next\"", page[1])));
            }
            let page: Vec<_> = page.into_iter().take(2).collect();
            return (200, headers, json!({"name": "octo/shop", "tags": page}).to_string().into_bytes());
        }
        let name = asked.path.strip_prefix("/v2/octo/shop/manifests/").unwrap();
        assert!(asked.header("accept").contains("application/vnd.oci.image.index.v1+json"), "{asked:?}");
        match tags.iter().find(|tag| tag.0 == name) {
            Some((_, number)) => (200, vec![("docker-content-digest", digest(*number))], vec![]),
            None => (404, vec![], b"{}".to_vec()),
        }
    }
}

impl Watched {
    async fn new(tags: &[(&'static str, u32)], credentials: Option<Credentials>) -> Self {
        let tags: Tags = Arc::new(Mutex::new(tags.to_vec()));
        let web = Web::start(registry(&tags)).await;
        let ledger = Ledger::new().await;
        let keeper = Keeper { store: ledger.store.clone(), name: "ada".to_owned() };
        let repository = format!("{}/octo/shop", web.address);
        keeper.watch_registry("shop".parse().unwrap(), repository, credentials).await.unwrap();
        Self { ledger, client: Client::new(None).unwrap(), web, tags, began: clock::now() }
    }

    /// Looks, so many seconds after the beginning; answers whether anything was due.
    async fn look(&self, seconds: i64) -> bool {
        let now = self.began + seconds * SECOND;
        watch::look_at_registries(&self.ledger.store, &self.client, MINUTE, now).await.unwrap()
    }

    fn hold(&self, tags: &[(&'static str, u32)]) {
        *self.tags.lock().unwrap() = tags.to_vec();
    }

    /// What is recorded: tag and digest, or no digest, in order.
    async fn recorded(&self) -> Vec<(String, Value)> {
        let bodies =
            self.ledger.database.texts("SELECT body FROM evidence WHERE trust = 'poll' ORDER BY seq").await;
        let repository = format!("{}/octo/shop", self.web.address);
        let claim = |body: &String| {
            let claim = serde_json::from_str::<Value>(body).unwrap()["claim"].take();
            assert_eq!((&claim["kind"], &claim["repository"]), (&json!("tag_observed"), &json!(repository)));
            (claim["tag"].as_str().unwrap().to_owned(), claim["digest"].clone())
        };
        bodies.iter().map(claim).collect()
    }

    /// Failures, the last error, and in how many seconds after the beginning the next look is.
    async fn state(&self) -> (i64, String, i64) {
        let database = &self.ledger.database;
        let failures = database.number("SELECT failures FROM watch_registry").await;
        let error = database.texts("SELECT COALESCE(last_error, '') FROM watch_registry").await.remove(0);
        let next = database.number("SELECT next_at FROM watch_registry").await;
        (failures, error, (next - self.began) / SECOND)
    }
}

fn seen(tag: &str, number: u32) -> (String, Value) {
    (tag.to_owned(), digest(number).into())
}

#[tokio::test]
async fn tags_are_recorded_when_they_change_and_only_then() {
    let watched =
        Watched::new(&[("v1.0.0", 1), ("v1.0.1", 2), ("latest", 2), ("edge", 3), ("a", 4)], None).await;
    assert!(watched.look(1).await);
    let mut first = watched.recorded().await;
    first.sort_by(|one, other| one.0.cmp(&other.0));
    let expected = [seen("a", 4), seen("edge", 3), seen("latest", 2), seen("v1.0.0", 1), seen("v1.0.1", 2)];
    assert_eq!(first, expected, "three pages");
    assert_eq!(watched.state().await, (0, String::new(), 61));

    watched.web.take();
    assert!(!watched.look(60).await, "it is not due");
    assert!(watched.web.take().is_empty());
    assert!(watched.look(61).await);
    assert_eq!(watched.recorded().await.len(), 5);
    let looked_at =
        format!("SELECT COUNT(*) FROM watch_tag WHERE checked_at = {}", watched.began + 61 * SECOND);
    assert_eq!(watched.ledger.database.number(&looked_at).await, 5);

    watched.hold(&[("v1.0.0", 1), ("v1.0.1", 5), ("latest", 5), ("edge", 3), ("a", 4)]);
    assert!(watched.look(121).await);
    let mut moved = watched.recorded().await.split_off(5);
    moved.sort_by(|one, other| one.0.cmp(&other.0));
    assert_eq!(moved, [seen("latest", 5), seen("v1.0.1", 5)]);

    // Projected like any other evidence.
    watched.ledger.project().await;
    assert_eq!(watched.ledger.database.number("SELECT COUNT(*) FROM tag_observation").await, 7);
}

#[tokio::test]
async fn a_tag_is_gone_after_two_404s_a_minute_apart_and_never_for_another_reason() {
    let watched = Watched::new(&[("v1", 1), ("v2", 2)], None).await;
    watched.look(0).await;
    watched.hold(&[("v2", 2)]);
    assert!(watched.look(60).await);
    assert_eq!(watched.recorded().await.len(), 2, "once says nothing");

    // Whatever else happens in between is no answer.
    let mut at = 120;
    for (status, header, pause) in [
        (401, ("x-other", "1"), 60),
        (403, ("x-other", "1"), 120),
        (429, ("retry-after", "1000"), 1000),
        (500, ("x-other", "1"), 480),
        (503, ("retry-after", "5"), 960),
    ] {
        watched.web.answer_always(status, &[header], "{}");
        assert!(watched.look(at).await, "{status}");
        let (failures, error, next) = watched.state().await;
        assert!(failures > 0 && error.contains(&status.to_string()), "{status}: {error}");
        assert_eq!(next - at, pause, "{status}");
        at = next;
    }
    assert_eq!(watched.recorded().await.len(), 2);
    watched.web.answer(registry(&watched.tags));
    assert!(watched.look(at).await);
    assert_eq!(watched.recorded().await[2], ("v1".to_owned(), Value::Null));
    assert_eq!(watched.state().await.0, 0);

    // Then a whole repository that the registry does not know any more.
    watched.web.answer_always(404, &[], "{}");
    watched.look(at + 60).await;
    assert_eq!(watched.recorded().await.len(), 3);
    watched.look(at + 120).await;
    assert_eq!(watched.recorded().await[3], ("v2".to_owned(), Value::Null));
    watched.hold(&[("v1", 1)]);
    watched.web.answer(registry(&watched.tags));
    watched.look(at + 180).await;
    assert_eq!(watched.recorded().await[4..], [seen("v1", 1)], "and it can come back");
}

#[tokio::test]
async fn what_was_learned_before_a_fault_is_kept() {
    let watched = Watched::new(&[("v1", 1), ("v2", 2), ("v3", 3)], None).await;
    let whole = registry(&watched.tags);
    watched.web.answer(move |asked| match asked.path.ends_with("/v2") {
        true => (502, vec![], vec![]),
        false => whole(asked),
    });
    watched.look(0).await;
    let (failures, error, _) = watched.state().await;
    assert_eq!((failures, error.contains("502")), (1, true), "{error}");
    assert_eq!(watched.recorded().await, [seen("v1", 1)]);
    watched.web.answer(registry(&watched.tags));
    watched.look(60).await;
    assert_eq!(watched.recorded().await.len(), 3);
}

#[tokio::test]
async fn a_digest_that_the_registry_does_not_say_is_computed() {
    let watched = Watched::new(&[("v1", 1)], None).await;
    let whole = registry(&watched.tags);
    watched.web.answer(move |asked| match asked.path.contains("/manifests/") {
        true => (200, vec![], if asked.method == "GET" { b"manifest".to_vec() } else { vec![] }),
        false => whole(asked),
    });
    watched.look(0).await;
    let computed = evidence::Digest::of(b"manifest").to_string();
    assert_eq!(watched.recorded().await, [("v1".to_owned(), computed.into())]);

    watched.web.answer_always(
        200,
        &[("docker-content-digest", "sha256:short")],
        json!({"tags": ["v1"]}).to_string(),
    );
    watched.look(60).await;
    assert!(watched.state().await.1.contains("digest of v1"), "{:?}", watched.state().await);
}

#[tokio::test]
async fn tokens_are_fetched_where_the_registry_says_with_the_password_of_the_file() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "rope\n").unwrap();
    let secret_file = file.path().to_str().unwrap().to_owned();
    let credentials = Credentials { username: "octo".to_owned(), secret_file: secret_file.clone() };
    let watched = Watched::new(&[("v1", 1), ("v2", 2)], Some(credentials)).await;
    // The first token is good for three requests.
    let (whole, uses, issued) = (registry(&watched.tags), Mutex::new(0), Mutex::new(0));
    let realm = watched.web.url("/token");
    watched.web.answer(move |asked| {
        if asked.path.starts_with("/token") {
            // The Basic of octo and rope.
            if asked.header("authorization") != "Basic b2N0bzpyb3Bl" {
                return (401, vec![], vec![]);
            }
            *issued.lock().unwrap() += 1;
            return (
                200,
                vec![],
                json!({"token": format!("t{}", issued.lock().unwrap())}).to_string().into(),
            );
        }
        *uses.lock().unwrap() += 1;
        let good = if *uses.lock().unwrap() < 4 { "Bearer t1" } else { "Bearer t2" };
        if asked.header("authorization") == good {
            return whole(asked);
        }
        let challenge = format!(
            "Bearer realm=\"{realm}\",service=\"registry.example\",scope=\"repository:octo/shop:pull\""
        );
        (401, vec![("www-authenticate", challenge)], vec![])
    });
    watched.look(0).await;
    assert_eq!(watched.recorded().await.len(), 2, "{:?}", watched.state().await);
    let asked = watched.web.take();
    let tokens: Vec<_> = asked.iter().filter(|asked| asked.path.starts_with("/token")).collect();
    assert_eq!(tokens.len(), 2, "{asked:#?}");
    assert!(tokens[0].path.contains("scope=repository%3Aocto%2Fshop%3Apull"), "{tokens:?}");
    assert!(tokens[0].path.contains("service=registry.example"), "{tokens:?}");

    std::fs::write(file.path(), "wrong\n").unwrap();
    watched.look(60).await;
    let (failures, error, _) = watched.state().await;
    assert!(failures == 1 && error.contains("401") && !error.contains("wrong\n"), "{error}");
    drop(file);
    watched.look(120).await;
    assert!(watched.state().await.1.contains(&secret_file));
    assert_eq!(watched.recorded().await.len(), 2);
}

#[tokio::test]
async fn a_registry_that_is_away_is_left_alone_longer_each_time() {
    let watched = Watched::new(&[("v1", 1)], None).await;
    watched.look(0).await;
    // A port that nobody listens on.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    watched
        .ledger
        .database
        .execute(&format!("UPDATE watch_registry SET repository = '{free}/octo/shop'"))
        .await
        .unwrap();
    let mut at = 60;
    for pause in [60, 120, 240, 480, 960, 1920, 3600, 3600] {
        assert!(watched.look(at).await);
        assert_eq!(watched.state().await.2 - at, pause);
        at += pause;
    }
    assert_eq!(watched.recorded().await.len(), 1);
}

#[tokio::test]
async fn one_of_several_workers_looks_and_a_hint_in_between_is_not_lost() {
    let watched = Watched::new(&[("v1", 1)], None).await;
    let looks = tokio::join!(watched.look(0), watched.look(0), watched.look(0));
    assert_eq!([looks.0, looks.1, looks.2].iter().filter(|looked| **looked).count(), 1);
    assert_eq!(watched.recorded().await.len(), 1);

    // A worker that died in the middle of a look strands nothing: its claim runs out.
    let mut session = watched.ledger.store.write(portbook::store::Lock::None).await.unwrap();
    let (now, until) = (watched.began + 60 * SECOND, watched.began + 360 * SECOND);
    assert_eq!(session.claim_registries(now, until, 9).await.unwrap().len(), 1);
    session.commit().await.unwrap();
    assert!(!watched.look(359).await);
    // Unless a package was published meanwhile.
    let repository = format!("{}/octo/shop", watched.web.address);
    let mut session = watched.ledger.store.write(portbook::store::Lock::None).await.unwrap();
    let soon = watched.began + 70 * SECOND;
    session.hasten_registry(&"shop".parse().unwrap(), &repository, soon).await.unwrap();
    session.commit().await.unwrap();
    assert!(watched.look(70).await);

    // A hint during a look: the end of the look keeps it.
    let mut session = watched.ledger.store.write(portbook::store::Lock::None).await.unwrap();
    let (now, until) = (watched.began + 130 * SECOND, watched.began + 430 * SECOND);
    let row = session.claim_registries(now, until, 9).await.unwrap().remove(0);
    let hint = watched.began + 135 * SECOND;
    session.hasten_registry(&row.project, &repository, hint).await.unwrap();
    let looked = portbook::store::Looked {
        id: &row.id,
        claimed_until: until,
        next_at: watched.began + 190 * SECOND,
        failures: 0,
        error: None,
    };
    session.looked_at_registry(&looked).await.unwrap();
    session.commit().await.unwrap();
    assert_eq!(watched.state().await.2, 135);
}
