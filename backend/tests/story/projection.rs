//! The order in which evidence arrives does not matter, nor how many workers take it.

use crate::support::*;
use portbook::service::project::project_next;
use portbook::store::{Head, StoreError};
use serde_json::Value;
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
async fn of_two_at_the_same_instant_the_later_recorded_wins() {
    let ledger = Ledger::new().await;
    ledger.record(&[ci(1, 1, "failure"), ci(1, 1, "success")]).await;
    ledger.record(&[ci(1, 2, "success"), ci(1, 2, "failure")]).await;
    ledger.project().await;
    let board = ledger.board_json().await;
    let verdict = |number| {
        let commits = board["commits"].as_array().unwrap();
        commits.iter().find(|row| row["commit"] == sha(number)).unwrap()["ci"].clone()
    };
    assert_eq!((verdict(1), verdict(2)), ("success".into(), "failure".into()));
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

async fn head(ledger: &Ledger) -> Head {
    ledger.store.read().await.unwrap().projection_head().await.unwrap()
}

#[tokio::test]
async fn the_projection_can_be_made_again_from_the_evidence() {
    let ledger = Ledger::new().await;
    ledger
        .record(&[
            commit(1, 1, &[]),
            published(2, 1, &["latest"]),
            deployed(3, "web", "dev", 1, "success"),
            ci(2, 9, "failure"),
            image(4, 1),
        ])
        .await;
    ledger.project().await;
    let before = ledger.board_json().await;
    for table in ["commit_known", "ci_verdict", "image", "smoke", "publication", "env_state"] {
        ledger.database.execute(&format!("DELETE FROM {table}")).await.unwrap();
    }
    ledger.database.execute("UPDATE projection SET cursor = 0, version = 0").await.unwrap();
    assert_ne!(ledger.board_json().await, before);
    ledger.project().await;
    assert_eq!(ledger.board_json().await, before);
}

#[tokio::test]
async fn evidence_of_an_unknown_form_stops_the_projection_and_changes_nothing() {
    let ledger = Ledger::new().await;
    ledger.record(&[commit(1, 1, &[])]).await;
    let unreadable = "INSERT INTO evidence (project, kind, sha256, subject, body, trust, token_id, \
                      occurred_at, recorded_at) SELECT 'shop', 'new', 'x', 'y', '{}', 'token', id, 1, 1 FROM token";
    ledger.database.execute(unreadable).await.unwrap();
    let error = project_next(&ledger.store).await.unwrap_err();
    assert!(matches!(&error, StoreError::Internal(text) if text.contains("newer worker")), "{error}");
    assert_eq!(head(&ledger).await, Head { cursor: 0, version: 0 });
    assert!(ledger.board().await.commits.is_empty());
}
