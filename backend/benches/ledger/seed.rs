//! A ledger that has seen a lot: documents are appended as they always are, and then projected again.

use crate::figure::Figure;
use crate::ground::{Ground, store};
use evidence::{Claim, CommitSha, Digest, Evidence, Name, Outcome};
use portbook::service::log::{self, Provenance, Trust};
use portbook::service::project;
use portbook::store::Lock;
use std::time::Instant;
use time::{Duration, OffsetDateTime};

const SERVICES: usize = 20;
const ENVIRONMENTS: [&str; 3] = ["dev", "staging", "prod"];

/// How many documents are appended at once.
const BATCH: usize = 5000;

/// How many of the newest releases bring their commit, CI, image and publication along.
const IN_FULL: usize = 3000;

/// What the reading is measured on.
pub struct Seeded {
    /// How fast it was projected again.
    pub figure: Figure,
    /// Some of the digests that were deployed.
    pub digests: Vec<Digest>,
}

/// As many deployments of a project: each release is smoke-tested and goes to dev, staging and prod.
pub async fn seed(ground: &Ground, deployments: usize) -> Seeded {
    let url = ground.database("seeded").await;
    let store = store(&url);
    let releases = deployments.div_ceil(ENVIRONMENTS.len());
    let first = OffsetDateTime::from_unix_timestamp(1_700_000_000).unwrap();
    let provenance = Provenance { trust: Trust::Poll, token_id: None, source: None };
    let (started, mut appended, mut batch) = (Instant::now(), 0, Vec::new());
    for number in 0..releases {
        let at = first + Duration::seconds(i64::try_from(number).unwrap() * 60);
        let documents = release(number, at, number + IN_FULL >= releases);
        batch.extend(documents.into_iter().map(|document| (document, provenance.clone())));
        if batch.len() >= BATCH || number + 1 == releases {
            let mut session = store.write(Lock::Ledger).await.unwrap();
            appended += log::append(&mut session, &batch).await.unwrap().len();
            session.commit().await.unwrap();
            batch.clear();
        }
    }
    let appending = started.elapsed().as_secs_f64();
    let started = Instant::now();
    let rebuilt = project::rebuild(&store).await.unwrap();
    let seconds = started.elapsed().as_secs_f64();
    assert_eq!(rebuilt.documents, appended);
    store.close().await;
    let value = appended as f64 / seconds;
    let figure = Figure {
        name: format!("{}: rebuild of {appended} documents", ground.name()),
        value,
        unit: "events/s",
        against: "appending the same documents in batches",
        ratio: value / (appended as f64 / appending),
        goal: "20000 events/s",
        reached: value >= 20_000.0,
    }
    .say();
    let digests = (0..releases).step_by(releases.div_ceil(5000)).map(digest).collect();
    Seeded { figure, digests }
}

fn digest(number: usize) -> Digest {
    Digest::of(format!("release {number}").as_bytes())
}

fn commit(number: usize) -> CommitSha {
    format!("{number:040x}").parse().unwrap()
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn release(number: usize, at: OffsetDateTime, in_full: bool) -> Vec<Evidence> {
    let (commit, digest) = (commit(number), digest(number));
    let document = |minutes: i64, claim| Evidence::new(name("shop"), at + Duration::minutes(minutes), claim);
    let mut documents = vec![document(
        5,
        Claim::Smoke {
            commit: commit.clone(),
            digest: Some(digest.clone()),
            outcome: Outcome::Success,
            engine: name("docker"),
        },
    )];
    if in_full {
        let parents = number.checked_sub(1).map(self::commit).into_iter().collect();
        documents.push(document(
            0,
            Claim::Commit {
                commit: commit.clone(),
                subject: format!("Change number {number}"),
                author: "Ada Pilot".to_owned(),
                parents,
            },
        ));
        documents.push(document(
            3,
            Claim::CiVerdict { commit: commit.clone(), outcome: Outcome::Success, jobs: Vec::new() },
        ));
        documents.push(document(
            6,
            Claim::Published {
                commit: commit.clone(),
                digest: digest.clone(),
                repository: "registry.example/shop".to_owned(),
                tags: vec![format!("1.{number}.0").parse().unwrap()],
            },
        ));
    }
    let service = format!("service-{}", number % SERVICES);
    documents.extend(ENVIRONMENTS.iter().zip(1..).map(|(environment, step)| {
        document(
            6 + step * 10,
            Claim::Deployed {
                service: name(&service),
                environment: name(environment),
                commit: commit.clone(),
                digest: Some(digest.clone()),
                version: format!("1.{number}.0"),
                outcome: Outcome::Success,
                actor: "ci".to_owned(),
                milliseconds: Some(40_000),
                break_glass: None,
                deployment: None,
                failure: None,
                reference: None,
            },
        )
    }));
    documents
}
