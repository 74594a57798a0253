//! One commit, one image, one tag, and where one can go back to.

use crate::support::*;
use portbook::service::log::Trust;
use serde_json::{Value, json};

fn smoked(at: u32, number: u32, outcome: &str) -> Value {
    let mut smoke = smoke(at, number, outcome);
    smoke["claim"]["digest"] = digest(number).into();
    smoke
}

async fn ledger(documents: &[Value]) -> Ledger {
    let ledger = Ledger::new().await;
    ledger.record(documents).await;
    ledger.project().await;
    ledger
}

fn run(at: u32, attempt: u32, phase: &str, conclusion: Option<&str>) -> Value {
    let mut claim = json!({
        "kind": "ci_run", "repository_id": 7, "run_id": 70, "attempt": attempt,
        "workflow": ".github/workflows/ci.yml", "event": "push", "branch": "main", "commit": sha(1),
        "from_fork": false, "phase": phase, "started_at": minute(1),
    });
    if let Some(conclusion) = conclusion {
        claim["conclusion"] = conclusion.into();
    }
    document(at, claim)
}

fn job(at: u32, attempt: u32, id: u32, name: &str, conclusion: &str) -> Value {
    document(
        at,
        json!({"kind": "ci_run_job", "repository_id": 7, "run_id": 70, "attempt": attempt, "job_id": id,
               "name": name, "commit": sha(1), "phase": "completed", "conclusion": conclusion,
               "started_at": minute(at), "completed_at": minute(at + 1)}),
    )
}

#[tokio::test]
async fn commits_are_listed_with_what_became_of_them() {
    let ledger = ledger(&[
        commit(1, 1, &[]),
        commit(2, 2, &[1]),
        commit(3, 3, &[2]),
        ci(4, 2, "success"),
        image(5, 2),
        published(6, 2, &["v2"]),
        deployed(7, "web", "dev", 2, "success"),
    ])
    .await;
    ledger.insert("commit_unreachable", &[json!({"project": "shop", "commit_sha": sha(1)})]).await;
    let first = ledger.get("/v1/commits?limit=2").await;
    let shown = first.json()["commits"].clone();
    assert_eq!([&shown[0]["commit"], &shown[1]["commit"]], [&json!(sha(3)), &json!(sha(2))]);
    let expected = json!({
        "project": "shop", "commit": sha(2), "subject": "Change 2", "author": "Ada",
        "committed_at": minute(2), "ci": "success",
        "image": {"digest": digest(2), "size_bytes": 9_000_000, "platforms": ["linux/amd64"]},
        "smoke": null, "published": ["v2"], "environments": ["dev"], "unreachable": false,
    });
    assert_eq!(shown[1], expected);
    let link = first.header("link");
    let next = link.strip_prefix('<').and_then(|link| link.split_once('>')).unwrap().0;
    let rest = ledger.get(next).await;
    assert_eq!(rest.json()["commits"][0]["commit"], sha(1));
    assert_eq!(rest.json()["commits"][0]["unreachable"], true);
    assert_eq!(rest.header("link"), "");
}

#[tokio::test]
async fn a_commit_shows_every_fact_and_who_vouches_for_it() {
    let ledger = ledger(&[
        commit(1, 1, &[]),
        ci(4, 1, "failure"),
        image(5, 1),
        smoked(6, 1, "success"),
        published(7, 1, &["v1", "latest"]),
        deployed(8, "web", "dev", 1, "success"),
    ])
    .await;
    // Whose CI workflow's runs are verdicts.
    let connected = json!({"repository_id": 7, "owner_id": 1, "project": "shop", "full_name": "octo/shop", "added_at": 1});
    ledger.insert("github_repository", &[connected]).await;
    let told = [
        run(10, 1, "completed", Some("failure")),
        job(2, 1, 701, "backend", "success"),
        job(3, 1, 702, "frontend", "failure"),
        // Only what failed is run again.
        run(20, 2, "completed", Some("success")),
        job(12, 2, 703, "frontend", "success"),
    ];
    ledger.append(Trust::Webhook, Some("a delivery"), &told).await;

    let facts = ledger.get(&format!("/v1/commits/{}", sha(1))).await.json();
    assert_eq!((&facts["commit"]["commit"], &facts["commit"]["ci"]), (&json!(sha(1)), &json!("success")));
    let verdicts: Vec<_> = facts["verdicts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|verdict| {
            (
                verdict["outcome"].as_str().unwrap(),
                verdict["at"].clone(),
                verdict["evidence"]["trust"].clone(),
            )
        })
        .collect();
    let expected = [
        ("failure", json!(minute(4)), json!("token")),
        ("failure", json!(minute(10)), json!("webhook")),
        ("success", json!(minute(20)), json!("webhook")),
    ];
    assert_eq!(verdicts, expected);
    let runs = facts["runs"].as_array().unwrap();
    assert_eq!((runs.len(), &runs[0]["attempt"], &runs[0]["conclusion"]), (1, &json!(2), &json!("success")));
    let jobs: Vec<_> = runs[0]["jobs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|job| {
            (job["name"].as_str().unwrap(), job["attempt"].as_i64(), job["conclusion"].as_str().unwrap())
        })
        .collect();
    assert_eq!(jobs, [("backend", Some(1), "success"), ("frontend", Some(2), "success")]);
    assert_eq!(facts["images"][0]["digest"], digest(1));
    assert_eq!(
        (&facts["smokes"][0]["engine"], &facts["smokes"][0]["evidence"]["trust"]),
        (&json!("docker"), &json!("token"))
    );
    let tags: Vec<_> =
        facts["publications"].as_array().unwrap().iter().map(|row| row["tag"].clone()).collect();
    assert_eq!(tags, ["latest", "v1"]);
    assert_eq!(facts["deployments"][0]["outcome"], "success");
}

#[tokio::test]
async fn a_commit_is_found_by_as_many_digits_as_make_it_one() {
    let (one, other) = (format!("{}1", "ab".repeat(19) + "a"), format!("{}2", "ab".repeat(19) + "a"));
    let verdict = |commit: &str| {
        let mut document = ci(1, 1, "success");
        document["claim"]["commit"] = commit.into();
        document
    };
    let ledger = ledger(&[commit(1, 1, &[]), verdict(&one), verdict(&other)]).await;
    for name in [&one, &one[..40], &sha(1)[..7]] {
        let answer = ledger.get(&format!("/v1/commits/{name}")).await;
        assert!(answer.json()["commit"]["commit"].as_str().unwrap().starts_with(name), "{answer:?}");
    }
    let problem = ledger.get(&format!("/v1/commits/{}", &one[..39])).await.problem(409, "ambiguous-commit");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains(&one) && detail.contains(&other), "{problem}");
    for unknown in ["abcdef0", "abcdef", "ABABABAB", "main", &format!("{one}0")] {
        ledger.get(&format!("/v1/commits/{unknown}")).await.problem(404, "not-found");
    }
}

#[tokio::test]
async fn an_image_shows_where_it_comes_from_and_where_it_runs() {
    let mut built = image(2, 1);
    built["claim"]["schema_range"] = json!({"min": 3, "max": 5});
    built["claim"]["milliseconds"] = json!(61_000);
    built["claim"]["cache"] = json!("cold");
    let ledger = ledger(&[
        built,
        smoked(3, 1, "success"),
        published(4, 1, &["v1"]),
        deployed(5, "web", "dev", 1, "success"),
        deployed(6, "web", "prod", 1, "failure"),
    ])
    .await;
    let shown = ledger.get(&format!("/v1/images/{}", digest(1))).await.json();
    assert_eq!(
        (&shown["commits"], &shown["running"]),
        (&json!([sha(1)]), &json!([{"environment": "dev", "service": "web"}]))
    );
    let built = &shown["built"];
    assert_eq!(built["schema_range"], json!({"min": 3, "max": 5}));
    assert_eq!((&built["milliseconds"], &built["cache"]), (&json!(61_000), &json!("cold")));
    assert_eq!(shown["smokes"].as_array().unwrap().len(), 1);
    assert_eq!(shown["publications"][0]["tag"], "v1");
    let outcomes: Vec<_> =
        shown["deployments"].as_array().unwrap().iter().map(|row| row["outcome"].clone()).collect();
    assert_eq!(outcomes, ["failure", "success"]);
    ledger.get(&format!("/v1/images/{}", digest(9))).await.problem(404, "not-found");
    ledger.get("/v1/images/sha256:abc").await.problem(404, "not-found");
}

#[tokio::test]
async fn a_tag_tells_how_it_moved() {
    let ledger = ledger(&[published(1, 1, &["v1.0.0", "latest"]), published(5, 2, &["latest"])]).await;
    let seen = |at: u32, number: Option<u32>| {
        let mut claim =
            json!({"kind": "tag_observed", "repository": "registry.example/shop", "tag": "v1.0.0"});
        if let Some(number) = number {
            claim["digest"] = digest(number).into();
        }
        document(at, claim)
    };
    let observations = [seen(2, Some(1)), seen(3, Some(2)), seen(4, None), seen(6, Some(1))];
    ledger.append(Trust::Poll, None, &observations).await;
    let moves = async |query: &str| -> Vec<(String, String, Value, Value)> {
        let answer = ledger.get(&format!("/v1/tags?{query}")).await.json();
        let text = |row: &Value, field: &str| row[field].as_str().unwrap().to_owned();
        let rows = answer["tags"].as_array().unwrap();
        rows.iter()
            .map(|row| {
                (text(row, "change"), text(row, "said_by"), row["digest"].clone(), row["before"].clone())
            })
            .collect()
    };
    let row = |change: &str, said_by: &str, digest_: Option<u32>, before: Option<u32>| {
        (change.to_owned(), said_by.to_owned(), json!(digest_.map(digest)), json!(before.map(digest)))
    };
    let expected = [
        row("returned", "observed", Some(1), None),
        row("vanished", "observed", None, Some(2)),
        row("moved", "observed", Some(2), Some(1)),
        row("confirmed", "observed", Some(1), Some(1)),
        row("made", "published", Some(1), None),
    ];
    assert_eq!(moves("repository=registry.example/shop&tag=v1.0.0").await, expected);
    let latest = [row("moved", "published", Some(2), Some(1)), row("made", "published", Some(1), None)];
    assert_eq!(moves("tag=latest").await, latest);
    assert_eq!(moves("repository=other").await, []);

    // The same in pages of two, tags of one document included.
    let mut all = Vec::new();
    let mut path = "/v1/tags?limit=2".to_owned();
    loop {
        let answer = ledger.get(&path).await;
        let page = answer.json();
        all.extend(
            page["tags"]
                .as_array()
                .unwrap()
                .iter()
                .map(|row| (row["at"].clone(), row["tag"].clone(), row["said_by"].clone())),
        );
        match answer.header("link").strip_prefix('<').and_then(|link| link.split_once('>')) {
            Some((next, _)) => path = next.to_owned(),
            None => break,
        }
    }
    let whole = ledger.get("/v1/tags").await.json();
    let whole: Vec<_> = whole["tags"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["at"].clone(), row["tag"].clone(), row["said_by"].clone()))
        .collect();
    assert_eq!((all.len(), &all), (7, &whole));
}

#[tokio::test]
async fn one_can_go_back_to_what_ran_unless_something_speaks_against_it() {
    let mut old = image(1, 1);
    old["claim"]["schema_range"] = json!({"min": 1, "max": 3});
    let mut good = image(1, 2);
    good["claim"]["schema_range"] = json!({"min": 1, "max": 5});
    let ledger = ledger(&[
        old,
        good,
        ci(1, 1, "success"),
        ci(1, 2, "success"),
        ci(1, 3, "success"),
        ci(1, 4, "success"),
        smoked(2, 1, "success"),
        smoked(2, 2, "success"),
        smoked(2, 4, "success"),
        deployed(3, "web", "prod", 1, "success"),
        deployed(4, "web", "prod", 2, "success"),
        deployed(5, "web", "prod", 3, "success"),
        deployed(6, "web", "prod", 9, "failure"),
        deployed(7, "web", "prod", 4, "success"),
        deployed(8, "api", "prod", 5, "success"),
    ])
    .await;
    let seen = json!({"kind": "runtime_observed", "service": "web", "environment": "prod", "reachable": true,
                      "digest": digest(4), "commit": sha(4), "version": "1.0.4", "schema_version": 4});
    ledger.append(Trust::Poll, None, &[document(9, seen)]).await;
    let path = "/v1/environments/prod/services/web/rollback-candidates";
    let shown = ledger.get(path).await.json();
    assert_eq!(shown["running"], digest(4));
    let candidates: Vec<_> = shown["candidates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let against = row["reasons"].as_array().unwrap().iter().filter(|reason| reason["blocks"] == true);
            let against: Vec<_> = against.map(|reason| reason["code"].as_str().unwrap()).collect();
            (row["digest"].as_str().unwrap().to_owned(), row["eligible"].as_bool().unwrap(), against)
        })
        .collect();
    let expected = [
        (digest(4), false, vec!["same-as-running"]),
        (digest(3), false, vec!["untested-digest"]),
        (digest(2), true, vec![]),
        (digest(1), false, vec!["schema-out-of-range"]),
    ];
    assert_eq!(candidates, expected);
    let good = &shown["candidates"][2];
    assert_eq!(good["command"], format!("cargo xtask rollback --env prod --to {}", digest(2)));
    assert_eq!((&good["version"], &good["last_at"]), (&json!("1.0.2"), &json!(minute(4))));
    assert_eq!((&shown["candidates"][0]["observed"], &good["observed"]), (&json!(true), &json!(false)));
    let first = ledger.get(&format!("{path}?limit=1")).await.json();
    assert_eq!(first["candidates"].as_array().unwrap().len(), 1);
    ledger.get("/v1/environments/prd/services/web/rollback-candidates").await.problem(404, "not-found");
}
