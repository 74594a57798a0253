//! Whatever facts the rules are given: any order of them makes the same findings, and what happened stays so.

use crate::support::{
    MINUTE, check_form, ci, deployments, digest, name, observations, publications, smokes, tag, tags,
};
use evidence::rules::{
    DigestFacts, Policy, Question, decide, drift, immutable_tag, published_without_green_ci, untested,
};
use proptest::prelude::*;

/// Up to a few facts in few words, of few instants, so that ties are frequent; and the same in another order.
fn facts(fact: impl Strategy<Value = String> + Clone) -> impl Strategy<Value = (String, String)> {
    proptest::collection::vec(fact, 0..8).prop_flat_map(|facts| {
        let shuffled = Just(facts.clone()).prop_shuffle();
        (Just(facts.join("; ")), shuffled.prop_map(|facts| facts.join("; ")))
    })
}

fn any_of(words: &'static [&'static str]) -> impl Strategy<Value = &'static str> + Clone {
    prop::sample::select(words)
}

const OUTCOMES: &[&str] = &["success", "failure", "cancelled", "skipped", "unknown"];
const IMAGES: &[&str] = &["A", "B", "C"];

fn concluded() -> impl Strategy<Value = (String, String)> {
    facts((0..6, any_of(OUTCOMES)).prop_map(|(at, outcome)| format!("{at} {outcome}")))
}

fn named() -> impl Strategy<Value = (String, String)> {
    let source = any_of(&["published", "observed"]);
    let image = any_of(&["A", "B", "C", "gone"]);
    facts((0..6, source, image).prop_map(|(at, source, image)| format!("{at} {source} {image}")))
}

fn deployed() -> impl Strategy<Value = (String, String)> {
    let end = prop::option::of((0..3, any_of(OUTCOMES)));
    let environment = any_of(&["prod", "staging"]);
    facts((0..6, end, any_of(&["A", "B", "-"]), environment).prop_map(|(start, end, image, environment)| {
        match end {
            Some((length, outcome)) => format!("{start}-{} {image} {environment} {outcome}", start + length),
            None => format!("{start}- {image} {environment}"),
        }
    }))
}

fn observed() -> impl Strategy<Value = (String, String)> {
    let said = any_of(&["A", "B", "digest=B", "commit=A", "commit=B", "down", "nothing"]);
    facts((0..45, said).prop_map(|(at, said)| format!("{at} {said}")))
}

proptest! {
    #[test]
    fn a_publication_is_judged_alike_in_any_order((first, second) in concluded()) {
        let publication = &publications("3 A v1.2.3")[0];
        let found = published_without_green_ci(publication, &ci(&first));
        check_form(found.as_slice());
        prop_assert_eq!(found, published_without_green_ci(publication, &ci(&second)));
    }

    #[test]
    fn what_ci_concludes_later_changes_no_publication((before, _) in concluded(), (later, _) in concluded()) {
        let publication = &publications("3 A v1.2.3")[0];
        let mut verdicts = ci(&before);
        let found = published_without_green_ci(publication, &verdicts);
        let later = ci(&later).into_iter().map(|mut fact| {
            fact.concluded_at += 3 * MINUTE + 1;
            fact
        });
        verdicts.extend(later);
        prop_assert_eq!(found, published_without_green_ci(publication, &verdicts));
    }

    #[test]
    fn a_tag_is_judged_alike_in_any_order((first, second) in named()) {
        let found = immutable_tag("shop", &tag("v1.2.3"), &tags(&first));
        check_form(&found);
        prop_assert_eq!(&found, &immutable_tag("shop", &tag("v1.2.3"), &tags(&second)));
        let once: std::collections::BTreeSet<&str> = first.split("; ").collect();
        let once = once.into_iter().collect::<Vec<_>>().join("; ");
        prop_assert_eq!(found, immutable_tag("shop", &tag("v1.2.3"), &tags(&once)), "told twice is told once");
    }

    #[test]
    fn what_happened_to_a_tag_stays_so((history, _) in named(), image in any_of(IMAGES)) {
        let found = immutable_tag("shop", &tag("v1.2.3"), &tags(&history));
        let later = immutable_tag("shop", &tag("v1.2.3"), &tags(&format!("{history}; 9 observed {image}")));
        for finding in found {
            prop_assert!(later.iter().any(|other| other.key == finding.key), "{:?}", finding);
        }
    }

    #[test]
    fn a_deployment_is_judged_alike_in_any_order((first, second) in deployed(), (smoke, other) in concluded()) {
        let all = |line: &str, smoke: &str| {
            let deployments = deployments(line);
            let mut found: Vec<_> = deployments
                .iter()
                .flat_map(|deployment| untested(&Policy::default(), deployment, &smokes(smoke), &deployments))
                .collect();
            found.sort_by(|one, two| one.key.cmp(&two.key));
            found.dedup();
            found
        };
        let found = all(&first, &smoke);
        check_form(&found);
        prop_assert_eq!(found, all(&second, &other));
    }

    #[test]
    fn a_cell_is_judged_alike_in_any_order((first, second) in deployed(), (seen, other) in observed()) {
        let (service, environment) = (name("web"), name("prod"));
        let found = drift(&service, &environment, &deployments(&first), &observations(&seen));
        check_form(&found);
        prop_assert_eq!(found, drift(&service, &environment, &deployments(&second), &observations(&other)));
    }

    #[test]
    fn the_verdict_is_alike_in_any_order(
        ((ci_first, ci_second), (smoke_first, smoke_second), (first, second)) in (concluded(), concluded(), deployed()),
        (history, other) in named(),
    ) {
        let digest = digest("A");
        let environment = name("prod");
        let question =
            Question { digest: &digest, environment: &environment, service: None, reference: None, at: 4 * MINUTE };
        let verdict = |verdicts: &str, smoked: &str, deployed: &str, history: &str, reversed: bool| {
            let mut facts = DigestFacts {
                publications: publications("3 A v1.2.3; 3 A sha-0123456; 2 A v1.2.3"),
                ci: ci(verdicts),
                smokes: smokes(smoked),
                deployments: deployments(deployed),
                tags: immutable_tag("shop", &tag("v1.2.3"), &tags(history)),
                ..DigestFacts::default()
            };
            if reversed {
                facts.publications.reverse();
                facts.tags.reverse();
            }
            decide(&Policy::default(), &question, &facts)
        };
        let answer = verdict(&ci_first, &smoke_first, &first, &history, false);
        prop_assert_eq!(answer, verdict(&ci_second, &smoke_second, &second, &other, true));
    }
}
