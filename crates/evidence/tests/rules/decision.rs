//! The verdict, and that it never says other than the rules would afterwards.

use crate::support::{
    MINUTE, ci, commit, deployments, digest, document, name, publications, smokes, tag, tags,
};
use evidence::SchemaRange;
use evidence::rules::{
    DigestFacts, Policy, Question, Verdict, decide, immutable_tag, production_reference,
    published_without_green_ci, untested,
};

/// What is known of A when all is well at 100.
fn good() -> DigestFacts {
    DigestFacts {
        commit: Some(commit("A")),
        schema_range: Some(SchemaRange { min: 3, max: 7 }),
        publications: publications("20 A v1.2.3"),
        ci: ci("10 success"),
        smokes: smokes("15 success"),
        deployments: deployments("30-40 A staging success"),
        tags: vec![],
        environment_schema: Some(5),
        environment_floor: Some(0),
    }
}

fn ask(environment: &str, reference: Option<&str>, facts: &DigestFacts) -> Verdict {
    let (digest, environment) = (digest("A"), name(environment));
    let reference = reference.map(|text| text.replace("{A}", digest.as_str()));
    let question = Question {
        digest: &digest,
        environment: &environment,
        service: None,
        reference: reference.as_deref(),
        at: 100 * MINUTE,
    };
    decide(&Policy::default(), &question, facts)
}

/// The codes of the reasons that block, and of those that do not.
fn codes(verdict: &Verdict) -> (Vec<&str>, Vec<&str>) {
    assert_eq!(verdict.allow, verdict.reasons.iter().all(|reason| !reason.blocks), "{verdict:#?}");
    assert!(
        verdict.reasons.is_sorted_by_key(|reason| !reason.blocks),
        "what blocks comes first: {verdict:#?}"
    );
    let (against, besides): (Vec<_>, Vec<_>) = verdict.reasons.iter().partition(|reason| reason.blocks);
    (against.iter().map(|it| it.code).collect(), besides.iter().map(|it| it.code).collect())
}

#[test]
fn an_answer_explains_itself_either_way() {
    let allowed = ask("prod", None, &good());
    let speaks = [
        "digest-known",
        "ci-green",
        "tested",
        "passed-staging",
        "pinned-reference",
        "tags-unmoved",
        "schema-in-range",
    ];
    assert_eq!(codes(&allowed), (vec![], speaks.to_vec()));
    let nothing = ask("prod", None, &DigestFacts::default());
    assert_eq!(
        codes(&nothing),
        (
            vec!["digest-unknown", "ci-unknown", "untested-digest", "skipped-staging"],
            vec!["pinned-reference", "tags-unmoved", "schema-unknown"]
        )
    );
}

type Change = fn(&mut DigestFacts);

#[test]
fn each_thing_that_is_wrong_denies() {
    let cases: [(&str, Option<&str>, Change, &[&str]); 21] = [
        ("prod", None, |_| {}, &[]),
        ("dev", Some("shop:latest"), |facts| facts.deployments.clear(), &[]),
        ("prod", None, |facts| facts.ci = ci("10 failure; 50 success"), &["published-on-red"]),
        ("prod", None, |facts| facts.ci = ci("50 success"), &["published-without-verdict"]),
        ("prod", None, |facts| facts.ci = ci("10 success; 50 failure"), &[]),
        // Published once more when CI was green: that is the way out.
        (
            "prod",
            None,
            |facts| {
                facts.ci = ci("10 failure; 50 success");
                facts.publications = publications("20 A sha-0123456; 60 A v1.2.3");
            },
            &[],
        ),
        ("dev", None, |facts| facts.publications.clear(), &[]),
        (
            "dev",
            None,
            |facts| {
                facts.publications.clear();
                facts.ci = ci("10 success; 50 unknown");
            },
            &["ci-not-green"],
        ),
        ("dev", None, |facts| facts.smokes.clear(), &["untested-digest"]),
        // What is later is not looked at.
        ("dev", None, |facts| facts.smokes = smokes("15 success; 101 failure"), &[]),
        (
            "dev",
            None,
            |facts| {
                facts.publications = publications("101 A v1.2.3");
                facts.ci = ci("10 failure; 101 success");
            },
            &["ci-not-green"],
        ),
        ("prod", None, |facts| facts.smokes = smokes("15 success; 16 failure"), &["untested-digest"]),
        ("prod", None, |facts| facts.deployments.clear(), &["skipped-staging"]),
        ("prod", None, |facts| facts.deployments = deployments("30-40 A prod success"), &[]),
        (
            "prod",
            None,
            |facts| facts.deployments = deployments("101-102 A staging success"),
            &["skipped-staging"],
        ),
        ("prod", Some("shop:latest"), |_| {}, &["floating-reference"]),
        ("prod", Some("shop"), |_| {}, &["floating-reference"]),
        ("prod", Some("shop:v1.2.3"), |_| {}, &[]),
        ("prod", Some("shop@{A}"), |_| {}, &[]),
        ("prod", Some("Shop"), |_| {}, &["unpinned-reference"]),
        ("dev", None, |facts| facts.environment_floor = Some(8), &["schema-out-of-range"]),
    ];
    for (index, (environment, reference, change, expected)) in cases.into_iter().enumerate() {
        let mut facts = good();
        change(&mut facts);
        let verdict = ask(environment, reference, &facts);
        assert_eq!(codes(&verdict).0, expected, "case {index}: {verdict:#?}");
    }
}

#[test]
fn the_reference_must_name_what_is_asked_about() {
    let other = format!("shop:v1.2.3@{}", digest("B"));
    assert_eq!(codes(&ask("dev", Some(&other), &good())).0, ["other-digest"]);
    assert_eq!(codes(&ask("prod", Some(&other), &good())).0, ["other-digest"]);
}

/// By the schemas that it can run on, and the schema and the floor that the environment is at.
#[test]
fn an_image_goes_where_no_contract_step_was_made_that_it_does_not_know() {
    let own = Some((3, 7));
    for (range, schema, floor, expected) in [
        (own, Some(3), Some(0), "schema-in-range"),
        (own, Some(5), None, "schema-in-range"),
        (own, Some(7), Some(7), "schema-in-range"),
        (own, Some(2), Some(0), "schema-migrates"),
        (own, Some(0), None, "schema-migrates"),
        (own, Some(8), Some(0), "schema-ahead"),
        (own, Some(9), Some(7), "schema-ahead"),
        (own, Some(8), Some(8), "schema-out-of-range"),
        (own, Some(9), Some(8), "schema-out-of-range"),
        (own, Some(8), None, "schema-out-of-range"),
        (own, None, Some(8), "schema-out-of-range"),
        (own, None, Some(7), "schema-unknown"),
        (own, None, None, "schema-unknown"),
        (None, Some(8), Some(8), "schema-unknown"),
    ] {
        for environment in ["prod", "staging", "local"] {
            let facts = DigestFacts {
                schema_range: range.map(|(min, max)| SchemaRange { min, max }),
                environment_schema: schema,
                environment_floor: floor,
                ..good()
            };
            let verdict = ask(environment, None, &facts);
            let (against, besides) = codes(&verdict);
            let blocks = expected == "schema-out-of-range";
            let found = if blocks { against } else { besides };
            assert!(found.contains(&expected), "{range:?} {schema:?} {floor:?}: {verdict:#?}");
            assert_eq!(verdict.allow, !blocks, "{range:?} {schema:?} {floor:?}: {verdict:#?}");
        }
    }
}

#[test]
fn where_things_are_only_tried_a_lack_of_evidence_does_not_block() {
    for environment in ["local", "ci"] {
        let verdict = ask(environment, None, &DigestFacts::default());
        assert!(verdict.allow, "{verdict:#?}");
        assert!(codes(&verdict).1.contains(&"untested-digest"), "it is still said: {verdict:#?}");
    }
}

#[test]
fn a_moved_tag_blocks_what_took_it_and_whoever_goes_by_it() {
    let moved = |image: &str, history: &str| {
        let found = immutable_tag("registry.example/shop", &tag("v1.2.3"), &tags(history));
        DigestFacts { tags: found, publications: publications(&format!("20 {image} v1.2.3")), ..good() }
    };
    let taken = moved("A", "20 published A; 50 observed B");
    let usurper = moved("A", "20 published B; 50 observed A");
    let gone = moved("A", "20 published A; 50 observed gone");
    let mended = moved("A", "20 published A; 50 observed B; 60 observed A");
    let later = moved("A", "20 published A; 101 observed gone");
    let mended_later = moved("A", "20 published B; 50 observed A; 101 observed B");
    let by_tag = Some("registry.example/shop:v1.2.3");
    let pinned = Some("registry.example/shop:v1.2.3@{A}");
    for (name, facts, reference, expected) in [
        ("its tag names another", &taken, None, None),
        ("its tag names another, by the tag", &taken, by_tag, Some("immutable-tag-moved")),
        ("its tag names another, pinned", &taken, pinned, None),
        ("its tag names another, by another tag", &taken, Some("registry.example/shop:v1.2.4"), None),
        ("it took the tag", &usurper, None, Some("immutable-tag-moved")),
        ("it vanished", &gone, None, Some("immutable-tag-vanished")),
        ("it is mended", &mended, by_tag, None),
        ("it will vanish", &later, by_tag, None),
        ("it will be mended", &mended_later, None, Some("immutable-tag-moved")),
    ] {
        let verdict = ask("prod", reference, facts);
        assert_eq!(codes(&verdict).0, Vec::from_iter(expected), "{name}: {verdict:#?}");
    }
    let warned = ask("prod", None, &taken);
    assert!(codes(&warned).1.contains(&"immutable-tag-moved"), "it is still said: {warned:#?}");
}

/// Whatever the facts are: a deployment to production as it was asked about is found fault with just where the
/// answer was no.
#[test]
fn a_deployment_is_found_fault_with_where_the_verdict_was_no() {
    let policy = Policy::default();
    let mut answers = [0; 2];
    for verdicts in ["10 success", "10 failure; 50 success", "10 cancelled", ""] {
        for smoked in ["15 success", "15 success; 16 failure", ""] {
            for others in ["30-40 A staging success", "30-40 A staging failure", "30-40 A prod success", ""] {
                for reference in ["shop:v1.2.3", "shop:latest", "shop"] {
                    let facts = DigestFacts {
                        ci: ci(verdicts),
                        smokes: smokes(smoked),
                        deployments: deployments(others),
                        ..good()
                    };
                    let verdict = ask("prod", Some(reference), &facts);
                    let then = &deployments(&format!("100-110 A prod success by={reference}"))[0];
                    let mut found: Vec<_> = untested(&policy, then, &facts.smokes, &facts.deployments);
                    found.extend(production_reference(&policy, then));
                    found.extend(published_without_green_ci(&facts.publications[0], &facts.ci));
                    let mut found: Vec<_> = found.iter().map(|finding| finding.code).collect();
                    let mut against = codes(&verdict).0;
                    found.sort_unstable();
                    against.sort_unstable();
                    assert_eq!(against, found, "{verdicts} | {smoked} | {others} | {reference}");
                    answers[usize::from(verdict.allow)] += 1;
                }
            }
        }
    }
    assert!(answers.iter().all(|count| *count > 0), "both answers were given: {answers:?}");
}

#[test]
fn reasons_name_their_evidence() {
    let verdict = ask("prod", None, &good());
    let evidence =
        |code: &str| verdict.reasons.iter().find(|reason| reason.code == code).unwrap().evidence.clone();
    let mut published = [document("ci 10 success"), document("published 20 A v1.2.3")];
    published.sort();
    assert_eq!(evidence("ci-green"), published);
    assert_eq!(evidence("tested"), [document("smoke 15 success")]);
    assert_eq!(evidence("passed-staging"), [document("deployment 30-40 A staging success")]);
}
