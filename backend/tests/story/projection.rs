//! The order in which evidence arrives does not matter, nor how many workers take it.

use crate::support::*;
use portbook::service::log;
use portbook::service::project::{fingerprints, project_next, rebuild, take_up_skipped, verify_projections};
use portbook::store::Head;
use serde_json::{Value, json};
use std::cell::Cell;

fn permutations<T: Clone>(items: &[T]) -> Vec<Vec<T>> {
    if items.is_empty() {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for (index, first) in items.iter().enumerate() {
        let mut rest = items.to_vec();
        rest.remove(index);
        for mut tail in permutations(&rest) {
            tail.insert(0, first.clone());
            all.push(tail);
        }
    }
    all
}

#[tokio::test]
async fn every_order_of_arrival_gives_the_same_cell() {
    let events = |service: &str| {
        vec![
            deployed(1, service, "prod", 1, "success"),
            deployed(2, service, "prod", 2, "failure"),
            deployed(3, service, "prod", 3, "success"),
            rolled_back(4, service, "prod", 1),
            deployed(5, service, "prod", 4, "unknown"),
        ]
    };
    let orders = permutations(&[0, 1, 2, 3, 4]);
    let documents: Vec<Value> = orders
        .iter()
        .enumerate()
        .flat_map(|(number, order)| {
            let events = events(&format!("s{number}"));
            order.iter().map(move |index| events[*index].clone()).collect::<Vec<_>>()
        })
        .collect();
    let ledger = Ledger::new().await;
    ledger.record(&documents).await;
    assert_eq!(ledger.project().await, 600);
    let board = ledger.board_json().await;
    let services = board["services"].as_array().unwrap();
    assert_eq!(services.len(), 120);
    for service in services {
        let cell = &service["cells"][0];
        assert_eq!(cell["commit"], sha(1), "{service}");
        assert_eq!(cell["kind"], "rollback", "{service}");
        assert_eq!(cell["since"], minute(4), "{service}");
        assert_eq!(cell["last_attempt"]["outcome"], "unknown", "{service}");
    }
}

#[tokio::test]
async fn every_order_of_arrival_gives_the_same_facts_about_a_commit() {
    let orders = permutations(&[0, 1, 2, 3]);
    let facts = |number: u32| {
        vec![
            ci(1, number, "failure"),
            ci(2, number, "success"),
            ci(3, number, "cancelled"),
            smoke(2, number, "success"),
        ]
    };
    // As many as the board shows of commits that have no evidence of their own.
    let documents: Vec<Value> = orders
        .iter()
        .take(20)
        .zip(1..)
        .flat_map(|(order, number)| {
            let facts = facts(number);
            order.iter().map(move |index| facts[*index].clone()).collect::<Vec<_>>()
        })
        .collect();
    let ledger = Ledger::new().await;
    ledger.record(&documents).await;
    ledger.project().await;
    let board = ledger.board_json().await;
    let commits = board["commits"].as_array().unwrap();
    assert_eq!(commits.len(), 20);
    for commit in commits {
        assert_eq!((&commit["ci"], &commit["smoke"]), (&"cancelled".into(), &"success".into()));
    }
}

#[tokio::test]
async fn of_two_verdicts_at_the_same_instant_the_red_one_counts() {
    let ledger = Ledger::new().await;
    ledger.record(&[ci(1, 1, "failure"), ci(1, 1, "success")]).await;
    ledger.record(&[ci(1, 2, "success"), ci(1, 2, "failure")]).await;
    ledger.project().await;
    let board = ledger.board_json().await;
    let verdict = |number| {
        let commits = board["commits"].as_array().unwrap();
        commits.iter().find(|row| row["commit"] == sha(number)).unwrap()["ci"].clone()
    };
    assert_eq!((verdict(1), verdict(2)), ("failure".into(), "failure".into()));
}

#[tokio::test]
async fn several_workers_take_each_document_once() {
    let ledger = Ledger::new().await;
    let token = ledger.token("shop", &["evidence:write"]).await;
    let batches: Vec<Vec<Value>> =
        (0..6_u32).map(|batch| (0..50).map(|n| ci(n, batch * 50 + n + 1, "success")).collect()).collect();
    let posts = async {
        for batch in &batches {
            assert_eq!(statuses(&ledger.post(&token, batch).await).len(), 50);
        }
    };
    let work = || async {
        let taken = Cell::new(0);
        eventually("all evidence is projected", || async {
            taken.set(taken.get() + project_next(&ledger.store).await.unwrap().documents);
            head(&ledger).await.cursor == 300
        })
        .await;
        taken.get()
    };
    let ((), first, second, third) = tokio::join!(posts, work(), work(), work());
    assert_eq!(first + second + third, 300);
    let version = head(&ledger).await.version;
    assert!((1..=300).contains(&version), "{version}");
}

#[tokio::test]
async fn of_several_workers_one_makes_everything_again() {
    let ledger = Ledger::new().await;
    ledger.record(&(0..50).map(|n| ci(n, n + 1, "success")).collect::<Vec<_>>()).await;
    ledger.project().await;
    ledger.database.execute("UPDATE projection SET rebuild_wanted = 2").await.unwrap();
    let work = || project_next(&ledger.store);
    let (first, second, third) = tokio::join!(work(), work(), work());
    let documents = [first, second, third].map(|projected| projected.unwrap().documents);
    assert_eq!(documents.iter().sum::<usize>(), 50, "{documents:?}");
    assert_eq!(ledger.database.number("SELECT rebuild_wanted FROM projection").await, 0);
}

async fn head(ledger: &Ledger) -> Head {
    ledger.store.read().await.unwrap().projection_head().await.unwrap()
}

#[tokio::test]
async fn the_projection_can_be_made_again_from_the_evidence() {
    let ledger = Ledger::new().await;
    ledger
        .record(&[
            commit(1, 1, &[]),
            published(2, 1, &["latest", "sha-0000000"]),
            published(9, 2, &["sha-0000000"]),
            deployed(3, "web", "dev", 1, "success"),
            deployed(4, "web", "prod", 1, "success"),
            deployed(5, "web", "prod", 2, "failure"),
            ci(2, 9, "failure"),
            image(4, 1),
            smoke(4, 1, "success"),
        ])
        .await;
    ledger.project().await;
    let (board, before) = (ledger.board_json().await, fingerprints(&ledger.store).await.unwrap());
    assert_eq!(verify_projections(&ledger.store).await.unwrap(), Vec::<String>::new());
    assert_eq!(head(&ledger).await.version, board["version"], "verifying changes nothing");
    // What somebody broke by hand is found, and mended.
    ledger.database.execute("UPDATE env_state SET actor = 'nobody'").await.unwrap();
    ledger.database.execute("DELETE FROM incident").await.unwrap();
    assert_eq!(verify_projections(&ledger.store).await.unwrap(), ["env_state", "incident"]);
    let epoch = head(&ledger).await.epoch;
    assert_eq!(rebuild(&ledger.store).await.unwrap().documents, 9);
    assert_ne!(head(&ledger).await.epoch, epoch, "a restored copy's versions are its own");
    assert_eq!(fingerprints(&ledger.store).await.unwrap(), before);
    let mut after = ledger.board_json().await;
    assert!(after["version"].as_i64() > board["version"].as_i64());
    after["version"] = board["version"].clone();
    assert_eq!(after, board);
}

#[tokio::test]
async fn evidence_of_an_unknown_form_is_set_aside_until_a_version_can_read_it() {
    let ledger = Ledger::new().await;
    let insert = |sha: &str, body: &str| {
        format!(
            "INSERT INTO evidence (project, kind, sha256, subject, body, trust, token_id, occurred_at, recorded_at) \
             SELECT 'shop', 'new', '{sha}', 'y', '{body}', 'token', id, 1, 1 FROM token"
        )
    };
    ledger.record(&[commit(1, 1, &[])]).await;
    ledger.database.execute(&insert("x", "{}")).await.unwrap();
    ledger.record(&[commit(2, 2, &[1])]).await;
    assert_eq!(ledger.project().await, 3);
    assert_eq!(ledger.board().await.commits.len(), 2, "the rest goes on");
    take_up_skipped(&ledger.store).await.unwrap();
    assert_eq!(ledger.project().await, 0, "this version still cannot read it");

    // As if an older version had set aside what this one can read.
    ledger.record(&[commit(3, 3, &[2])]).await;
    let older = "UPDATE projection SET cursor = 4; \
                 INSERT INTO projection_skipped (seq, kind) VALUES (4, 'commit')";
    ledger.database.execute(older).await.unwrap();
    assert_eq!(ledger.project().await, 0);
    take_up_skipped(&ledger.store).await.unwrap();
    assert_eq!(ledger.project().await, 4);
    assert_eq!(ledger.board().await.commits.len(), 3);
}

#[tokio::test]
async fn a_time_to_come_wins_nothing() {
    let ledger = Ledger::new().await;
    let mut future = deployed(1, "web", "dev", 1, "success");
    future["occurred_at"] = "2999-01-01T00:00:00Z".into();
    ledger.record(&[future]).await;
    let now = time::OffsetDateTime::now_utc() + time::Duration::seconds(2);
    let mut later = deployed(2, "web", "dev", 2, "success");
    later["occurred_at"] = now.format(&time::format_description::well_known::Rfc3339).unwrap().into();
    ledger.record(&[later]).await;
    ledger.project().await;
    assert_eq!(ledger.board_json().await["services"][0]["cells"][0]["commit"], sha(2));
}

#[tokio::test]
async fn the_log_is_a_chain_that_tells_what_was_changed() {
    let ledger = Ledger::new().await;
    ledger.record(&[commit(1, 1, &[]), ci(2, 1, "success")]).await;
    // A version from before the chain appends without it.
    let older = "INSERT INTO evidence (project, kind, sha256, subject, body, trust, token_id, occurred_at, recorded_at) \
                 SELECT 'shop', 'new', '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a', 'y', '{}', \
                 'token', id, 1, 1 FROM token";
    ledger.database.execute(older).await.unwrap();
    ledger.record(&[commit(3, 2, &[1])]).await;
    assert_eq!(log::verify(&ledger.store).await.unwrap().broken, []);
    let (tables, bodies) = if ledger.database.file().is_some() {
        ("DROP TRIGGER evidence_is_never_changed", "UPDATE evidence SET body = body || ' ' WHERE seq = 2")
    } else {
        (
            "DROP TRIGGER evidence_is_never_changed ON evidence",
            "UPDATE evidence SET body = body || ' ' WHERE seq = 2",
        )
    };
    ledger.database.execute("UPDATE evidence SET seq = 9").await.unwrap_err();
    ledger.database.execute(tables).await.unwrap();
    ledger.database.execute(bodies).await.unwrap();
    let broken = log::verify(&ledger.store).await.unwrap().broken;
    assert_eq!(broken.iter().map(|link| link.seq).collect::<Vec<_>>(), [2]);
    let other = "UPDATE evidence SET sha256 = 'f' || substr(sha256, 2) WHERE seq = 3";
    ledger.database.execute(other).await.unwrap();
    let broken = log::verify(&ledger.store).await.unwrap().broken;
    let places: std::collections::BTreeSet<_> = broken.iter().map(|link| link.seq).collect();
    assert!(places.contains(&3) && places.contains(&4), "{broken:?}");
}

/// The indexes of the database, as it tells them.
async fn indexes(ledger: &Ledger) -> Vec<String> {
    let sqlite = "SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY name";
    let postgres = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY indexname";
    ledger.database.texts(if ledger.store.is_postgres() { postgres } else { sqlite }).await
}

/// What was told of a deployment, the last first.
fn told_backwards(number: u32) -> Vec<Value> {
    let (id, commit) = (uuid(number), number % 150);
    let started = json!({"kind": "deployment_started", "id": id, "service": "api", "environment": "prod",
        "commit": sha(commit), "digest": digest(commit), "mode": "promote",
        "version": format!("1.0.{commit}"), "actor": "ada"});
    let state = |sequence: u32, state: &str| json!({"kind": "deployment_state", "id": id, "sequence": sequence, "state": state});
    let mut claims = vec![state(1, "switching")];
    if !number.is_multiple_of(3) {
        claims.push(started);
    }
    if !number.is_multiple_of(5) {
        claims.insert(0, state(2, "succeeded"));
    }
    claims.into_iter().map(|claim| document(number % 50, claim)).collect()
}

#[tokio::test]
async fn a_rebuild_of_many_pages_is_what_stood_there_before() {
    let ledger = Ledger::new().await;
    let of = |number: u32, at: u32, of_image: Option<u32>| {
        let mut document =
            deployed(at, "web", if number.is_multiple_of(2) { "dev" } else { "prod" }, 1, "success");
        // Each is another document.
        document["claim"]["version"] = json!(format!("1.0.{number}"));
        document["claim"]["digest"] = of_image.map_or(Value::Null, |it| json!(digest(it)));
        document
    };
    // One digest has more deployments than are read at a time; others have few, and some have none.
    let mut documents: Vec<Value> = (0..5100).map(|number| of(number, number % 50, Some(7))).collect();
    documents.extend((5100..5600).map(|number| of(number, number % 50, Some(number % 150))));
    documents.extend((5600..5900).map(|number| of(number, number % 50, None)));
    documents.extend((0..100).map(|number| {
        let mut smoke = smoke(number % 50, number, ["success", "failure"][number as usize % 2]);
        smoke["claim"]["digest"] = json!(digest(number));
        smoke
    }));
    ledger.record(&documents).await;
    // Told step by step and backwards; of some nobody told that they began, of others how they ended.
    let told: Vec<Value> = (0..600).flat_map(told_backwards).collect();
    ledger.append(log::Trust::Token, None, &told).await;
    documents.extend(told);
    ledger.project().await;
    let (before, indexes) = (fingerprints(&ledger.store).await.unwrap(), indexes(&ledger).await);
    assert_eq!(rebuild(&ledger.store).await.unwrap().documents, documents.len());
    assert_eq!(fingerprints(&ledger.store).await.unwrap(), before);
    assert_eq!(self::indexes(&ledger).await, indexes);
}
