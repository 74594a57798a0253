//! R1: published without green CI. The image is published at 30.

use crate::support::{check_form, ci, document, publications, told};
use evidence::rules::published_without_green_ci;

const PUBLICATION: &str = "30 A v1.2.3";

#[test]
fn the_verdict_at_the_time_decides() {
    for (scenario, verdicts, expected) in [
        ("green before", "10 success", ""),
        ("green at the very instant", "30 success", ""),
        ("red, mended, published", "10 failure; 20 success", ""),
        ("green, then red, then published", "10 success; 20 failure", "published-on-red A 30.."),
        ("green re-run after a red publish", "20 failure; 40 success", "published-on-red A 30.."),
        ("red only after publishing", "20 success; 40 failure", ""),
        ("no verdict at all", "", "published-without-verdict A 30.."),
        ("green only after publishing", "40 success", "published-without-verdict A 30.."),
        ("red only, and after publishing", "40 failure", "published-without-verdict A 30.."),
        ("stopped is not green", "10 success; 20 cancelled", "published-on-red A 30.."),
        ("not run is not green", "10 success; 20 skipped", "published-on-red A 30.."),
        ("unknown is not green", "10 success; 20 unknown", "published-on-red A 30.."),
        ("two at one instant: not green wins", "20 success; 20 failure", "published-on-red A 30.."),
        ("two at one instant: unknown wins too", "20 unknown; 20 success", "published-on-red A 30.."),
    ] {
        let found = published_without_green_ci(&publications(PUBLICATION)[0], &ci(verdicts));
        let found: Vec<_> = found.into_iter().collect();
        assert_eq!(told(&found), expected, "{scenario}");
        check_form(&found);
    }
}

#[test]
fn it_says_what_was_published_and_on_what() {
    let publication = &publications("30 A v1.2.3 sha-0123456")[0];
    let finding = published_without_green_ci(publication, &ci("20 failure; 40 success")).unwrap();
    assert_eq!(
        finding.message,
        "559aead08264 was published as registry.example/shop:sha-0123456, :v1.2.3 at 1970-01-01T00:30:00Z, \
         when the last verdict of CI about 559aead was failure, of 1970-01-01T00:20:00Z."
    );
    let mut evidence = [document("ci 20 failure"), publication.evidence.clone()];
    evidence.sort();
    assert_eq!(finding.evidence, evidence, "the later verdict is no part of it");
}

#[test]
fn each_publication_is_a_breach_of_its_own() {
    let found: Vec<_> = publications("30 A v1.2.3; 50 A v1.2.3")
        .iter()
        .filter_map(|publication| published_without_green_ci(publication, &ci("20 failure")))
        .collect();
    assert_eq!(told(&found), "published-on-red A 30..; published-on-red A 50..");
    check_form(&found);
}
