//! Pages by key: nothing is shown twice, and nothing is left out, whatever comes in between.

use crate::support::*;
use serde_json::Value;

/// The address of the next page.
fn next(answer: &Answer) -> Option<String> {
    let link = answer.header("link");
    let (address, relation) = link.strip_prefix('<')?.split_once('>').unwrap();
    assert_eq!(relation, "; rel=\"next\"");
    Some(address.to_owned())
}

fn ids(answer: &Answer, list: &str) -> Vec<String> {
    let rows = answer.json()[list].as_array().unwrap_or_else(|| panic!("{answer:?}")).clone();
    rows.iter().map(|row: &Value| row["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn every_incident_is_on_one_page_also_where_many_share_an_instant() {
    let ledger = Ledger::new().await;
    ledger.record(&[commit(1, 1, &[])]).await;
    let incidents: Vec<_> = (0..25).map(|number| incident(100 + number, "R1", number / 10)).collect();
    ledger.insert("incident", &incidents).await;
    let mut seen = Vec::new();
    let mut address = Some("/v1/incidents?limit=7&rule=R1".to_owned());
    let mut pages = 0;
    while let Some(path) = address {
        let answer = ledger.get(&path).await;
        seen.extend(ids(&answer, "incidents"));
        address = next(&answer);
        assert!(address.as_ref().is_none_or(|next| next.contains("limit=7&rule=R1&after=")), "{address:?}");
        pages += 1;
    }
    let expected: Vec<_> = (0..25).rev().map(|number| format!("i{}", 100 + number)).collect();
    assert_eq!((pages, seen), (4, expected));
}

#[tokio::test]
async fn what_comes_in_meanwhile_does_not_shift_the_pages() {
    let ledger = Ledger::new().await;
    ledger.record(&[commit(1, 1, &[])]).await;
    let rows: Vec<_> = (1..=4).map(|number| deployment(number, "prod", "web", 1, number)).collect();
    ledger.insert("deployment", &rows).await;
    let first = ledger.get("/v1/environments/prod/services/web/history?limit=2").await;
    assert_eq!(ids(&first, "deployments"), [uuid(4), uuid(3)]);
    ledger.insert("deployment", &[deployment(5, "prod", "web", 1, 9)]).await;
    let second = ledger.get(&next(&first).unwrap()).await;
    assert_eq!(ids(&second, "deployments"), [uuid(2), uuid(1)]);
    assert_eq!(next(&second), None);
}

#[tokio::test]
async fn fifty_are_shown_where_nobody_asks_for_more() {
    let ledger = Ledger::new().await;
    ledger.record(&[commit(1, 1, &[])]).await;
    let incidents: Vec<_> = (0..51).map(|number| incident(number, "R1", number)).collect();
    ledger.insert("incident", &incidents).await;
    let answer = ledger.get("/v1/incidents").await;
    assert_eq!((ids(&answer, "incidents").len(), next(&answer).is_some()), (50, true));
    let all = ledger.get("/v1/incidents?limit=200").await;
    assert_eq!((ids(&all, "incidents").len(), next(&all)), (51, None));
}
