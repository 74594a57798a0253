//! Documents and records as facts, and what the rules make of them.

use super::online::{as_production, settled};
use super::*;
use crate::policy::environment::Environments;
use evidence::{Claim, DeploymentId, Outcome, SchemaRange};

pub const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
pub const OTHER: &str = "89abcdef0123456789abcdef0123456789abcdef";
const REPOSITORY: &str = "registry.example/team/app";

pub fn at(minute: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(1_767_400_000 + 60 * minute).unwrap()
}

pub fn image() -> Pinned {
    Pinned {
        repository: REPOSITORY.parse().unwrap(),
        digest: Digest::of(b"image"),
        reference: Some(format!("{REPOSITORY}:v1.2.3").parse().unwrap()),
        commit: COMMIT.parse().unwrap(),
        version: "v1.2.3".to_owned(),
        schema: Some(SchemaRange { min: 3, max: 5 }),
    }
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn environments() -> Environments {
    let text = "dev: {target: compose}\nstaging: {target: compose}\n\
        prod: {target: compose, production: true, after: staging}\n";
    Environments::parse(&serde_yaml::from_str(text).unwrap()).unwrap()
}

fn document(minute: i64, claim: Claim) -> Evidence {
    Evidence::new(name("portbook"), at(minute), claim)
}

fn built(digest: &Digest) -> Claim {
    Claim::ImageBuilt {
        commit: COMMIT.parse().unwrap(),
        digest: digest.clone(),
        platforms: Vec::new(),
        size_bytes: 1,
        milliseconds: None,
        cache: None,
        schema_range: Some(SchemaRange { min: 1, max: 9 }),
    }
}

fn ci(commit: &str, outcome: Outcome) -> Claim {
    Claim::CiVerdict { commit: commit.parse().unwrap(), outcome, jobs: Vec::new() }
}

fn smoke(digest: &Digest, outcome: Outcome) -> Claim {
    let engine = name("docker");
    Claim::Smoke { commit: COMMIT.parse().unwrap(), digest: Some(digest.clone()), outcome, engine }
}

fn published(digest: &Digest, tag: &str) -> Claim {
    Claim::Published {
        commit: COMMIT.parse().unwrap(),
        digest: digest.clone(),
        repository: REPOSITORY.to_owned(),
        tags: vec![tag.parse().unwrap()],
    }
}

fn deployed(environment: &str, outcome: Outcome) -> Claim {
    Claim::Deployed {
        service: name("portbook"),
        environment: name(environment),
        commit: COMMIT.parse().unwrap(),
        digest: Some(image().digest),
        version: "v1.2.3".to_owned(),
        outcome,
        actor: "a".to_owned(),
        deployment: None,
        reference: None,
        failure: None,
        milliseconds: Some(1000),
        break_glass: None,
    }
}

/// Where, what the targets say, and at which schema.
#[derive(Clone, Default)]
struct Place {
    environment: &'static str,
    here: Vec<Ran>,
    staging: Vec<Ran>,
    schema: Option<(u64, u64)>,
}

fn ran(digest: &Digest) -> Vec<Ran> {
    vec![Ran { digest: digest.clone(), commit: COMMIT.parse().unwrap(), at: at(-9) }]
}

fn judge(image: &Pinned, place: &Place, documents: &[Evidence]) -> Vec<Said> {
    let environments = environments();
    let environment = environments.named(&name(place.environment)).unwrap();
    let asked = Asked {
        image,
        environment,
        service: &name("portbook"),
        ran_here: &place.here,
        ran_in_staging: &place.staging,
        environment_schema: place.schema,
    };
    let policy = Policy { staging: environment.settings.after.clone(), ..environments.rules() };
    judged(&policy, &asked, documents, at(100))
}

fn blocking(reasons: &[Said]) -> Vec<&str> {
    reasons.iter().filter(|said| said.blocks).map(|said| said.code.as_str()).collect()
}

fn has(reasons: &[Said], code: &str) -> bool {
    reasons.iter().any(|said| said.code == code)
}

#[test]
fn documents_become_facts() {
    use Outcome::{Failure, Success};
    let (image, other) = (image(), Digest::of(b"other"));
    let own = &image.digest;
    let good = || vec![built(own), ci(COMMIT, Success), smoke(own, Success)];
    let with = |more: Claim| good().into_iter().chain([more]).collect::<Vec<_>>();
    for (title, environment, claims, blocks, says) in [
        ("what publish attaches is enough", "dev", good(), &[][..], &["ci-green", "tested"][..]),
        ("nothing", "dev", vec![], &["digest-unknown", "ci-unknown", "untested-digest"], &[]),
        (
            "another digest",
            "dev",
            vec![built(&other), smoke(&other, Success)],
            &["digest-unknown", "ci-unknown", "untested-digest"],
            &[],
        ),
        ("no smoke", "dev", vec![built(own), ci(COMMIT, Success)], &["untested-digest"], &["digest-known"]),
        ("the last smoke counts", "dev", with(smoke(own, Failure)), &["untested-digest"], &[]),
        (
            "CI of another commit",
            "dev",
            vec![built(own), ci(OTHER, Success), smoke(own, Success)],
            &["ci-unknown"],
            &[],
        ),
        ("the last verdict counts", "dev", with(ci(COMMIT, Failure)), &["ci-not-green"], &[]),
        ("published when green", "dev", with(published(own, "v1.2.3")), &[], &["ci-green", "tags-unmoved"]),
        (
            "published before CI",
            "dev",
            vec![published(own, "v1.2.3"), ci(COMMIT, Success), smoke(own, Success)],
            &["published-without-verdict"],
            &[],
        ),
        (
            "published on red",
            "dev",
            vec![ci(COMMIT, Failure), published(own, "v1.2.3"), ci(COMMIT, Success), smoke(own, Success)],
            &["published-on-red"],
            &[],
        ),
        ("the tag was another's", "dev", with(published(&other, "v1.2.3")), &["immutable-tag-moved"], &[]),
        ("another tag was another's", "dev", with(published(&other, "v1.2.4")), &[], &["tags-unmoved"]),
        ("past staging", "prod", good(), &["skipped-staging"], &["pinned-reference"]),
        ("through staging", "prod", with(deployed("staging", Success)), &[], &["passed-staging"]),
        ("failed in staging", "prod", with(deployed("staging", Failure)), &["skipped-staging"], &[]),
        ("only in dev", "prod", with(deployed("dev", Success)), &["skipped-staging"], &[]),
        ("ran in production", "prod", with(deployed("prod", Success)), &[], &["ran-before"]),
    ] {
        let documents: Vec<Evidence> =
            claims.into_iter().zip(0..).map(|(claim, minute)| document(minute, claim)).collect();
        let place = Place { environment, ..Place::default() };
        let reasons = judge(&image, &place, &documents);
        assert_eq!(blocking(&reasons), blocks, "{title}: {reasons:#?}");
        assert!(says.iter().all(|code| has(&reasons, code)), "{title}: {reasons:#?}");
        let backwards: Vec<Evidence> = documents.into_iter().rev().collect();
        assert_eq!(judge(&image, &place, &backwards), reasons, "{title}: the order is of no matter");
    }
}

#[test]
fn the_targets_records_count_as_deployments() {
    let image = image();
    let (own, other) = (ran(&image.digest), ran(&Digest::of(b"other")));
    let good: Vec<Evidence> =
        [built(&image.digest), ci(COMMIT, Outcome::Success), smoke(&image.digest, Outcome::Success)]
            .into_iter()
            .map(|claim| document(0, claim))
            .collect();
    let prod = Place { environment: "prod", ..Place::default() };
    for (place, code, blocks) in [
        (Place { staging: own.clone(), ..prod.clone() }, "passed-staging", false),
        (Place { here: own.clone(), ..prod.clone() }, "ran-before", false),
        (Place { here: other.clone(), staging: other, ..prod.clone() }, "skipped-staging", true),
    ] {
        let reasons = judge(&image, &place, &good);
        assert!(has(&reasons, code), "{reasons:#?}");
        assert_eq!(!blocking(&reasons).is_empty(), blocks, "{reasons:#?}");
    }
    // It is known to have run, and that alone is neither a smoke nor a verdict of CI.
    let reasons = judge(&image, &Place { here: own, ..prod }, &[]);
    assert_eq!(blocking(&reasons), ["ci-unknown", "untested-digest"]);
}

#[test]
fn the_schema_is_the_targets_and_the_images() {
    let image = image();
    let documents = [document(0, built(&image.digest))];
    let bare = Pinned { schema: None, ..image.clone() };
    for (image, schema, code) in [
        (&image, Some((5, 3)), "schema-in-range"),
        (&image, Some((6, 6)), "schema-out-of-range"),
        (&image, None, "schema-unknown"),
        // Its build said 1 to 9.
        (&bare, Some((6, 6)), "schema-in-range"),
    ] {
        let place = Place { environment: "dev", schema, ..Place::default() };
        let reasons = judge(image, &place, &documents);
        assert!(has(&reasons, code), "{schema:?}: {reasons:#?}");
    }
}

#[test]
fn a_deployment_is_known_by_its_announcement_or_its_document() {
    let announced: DeploymentId = "55039dc7-e619-4f48-86bd-c4c0e67f7b35".parse().unwrap();
    let mut claim = deployed("staging", Outcome::Success);
    let plain = document(3, claim.clone());
    if let Claim::Deployed { deployment, .. } = &mut claim {
        *deployment = Some(announced.clone());
    }
    let (image, environments) = (image(), environments());
    let asked = Asked {
        image: &image,
        environment: environments.named(&name("prod")).unwrap(),
        service: &name("portbook"),
        ran_here: &[],
        ran_in_staging: &[],
        environment_schema: None,
    };
    let facts = facts::facts(&[plain.clone(), document(3, claim)], &asked, None, at(9));
    let ids: Vec<_> = facts.deployments.iter().map(|fact| fact.id.clone()).collect();
    assert_eq!(ids, [DeploymentId::of_evidence(&plain.sha256()), announced]);
    let [first, _] = facts.deployments.as_slice() else { panic!("{facts:#?}") };
    assert_eq!(first.finished_at.unwrap() - first.started_at, 1_000_000);
    assert_eq!(facts.commit.as_ref().unwrap().as_str(), COMMIT);
}

#[test]
fn what_the_target_knows_better_stands_over_the_ledgers_word() {
    let said =
        |code: &str, blocks: bool| Said { code: code.to_owned(), rule: None, blocks, message: String::new() };
    let codes = |theirs: &[(&str, bool)], own: &[(&str, bool)]| {
        let of = |all: &[(&str, bool)]| all.iter().map(|(code, blocks)| said(code, *blocks)).collect();
        settled(of(theirs), of(own)).into_iter().map(|said| said.code).collect::<Vec<_>>()
    };
    let skipped = ("skipped-staging", true);
    // It ran there: the ledger was not told.
    assert_eq!(codes(&[skipped, ("tested", false)], &[("ran-before", false)]), ["tested", "ran-before"]);
    // Nobody knows of staging here, and the ledger does.
    assert_eq!(codes(&[("passed-staging", false)], &[skipped]), ["passed-staging"]);
    assert_eq!(codes(&[skipped], &[skipped]), ["skipped-staging"]);
    // The ledger does not take it for production.
    let own = [skipped, ("floating-reference", true), ("untested-digest", true)];
    assert_eq!(codes(&[("tested", false)], &own), ["tested", "skipped-staging", "floating-reference"]);
    // The database's own word is newer.
    let out = ("schema-out-of-range", true);
    assert_eq!(codes(&[("schema-in-range", false)], &[out]), ["schema-out-of-range"]);
    assert_eq!(codes(&[out], &[("schema-unknown", false)]), ["schema-out-of-range"]);
}

#[test]
fn a_ledger_that_does_not_know_production_is_told_how() {
    let said = |code: &str| Said { code: code.to_owned(), rule: None, blocks: false, message: String::new() };
    assert!(as_production(&[said("tested"), said("pinned-reference")]));
    assert!(!as_production(&[said("tested"), said("ran-before")]));
    let mut policy = environments().rules();
    let warning = |policy: &Policy| unaware("https://l.example", &name("shop"), &name("prod"), policy);
    let command = "portbook admin policy set --project shop --production prod --staging staging";
    assert!(warning(&policy).contains(command), "{}", warning(&policy));
    policy = Policy { production: vec![name("eu"), name("us")], staging: None };
    let command = "--production eu --production us --no-staging";
    assert!(warning(&policy).contains(command), "{}", warning(&policy));
}

#[test]
fn production_without_the_ledgers_word_says_what_to_do() {
    let problem = Problem::missing("the ledger cannot be used").next("mend it");
    let said = unreachable(&name("prod"), &problem);
    assert!(said.blocks && overridable(&said.code));
    for text in ["the ledger cannot be used (mend it)", "--break-glass \"<reason>\"", "prod"] {
        assert!(said.message.contains(text), "{}", said.message);
    }
}
