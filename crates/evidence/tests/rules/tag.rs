//! R2: an immutable tag moved or vanished.

use crate::support::{check_form, digest, tag, tags, told};
use evidence::rules::{immutable_tag, is_immutable};

#[test]
fn a_tag_that_promised_one_image_keeps_to_it() {
    for (scenario, history, expected) in [
        ("never seen", "", ""),
        ("published", "10 published A", ""),
        ("published again and seen", "10 published A; 20 published A; 30 observed A", ""),
        ("seen before it was there", "5 observed gone; 10 published A", ""),
        ("never there", "5 observed gone; 9 observed gone", ""),
        ("moved", "10 published A; 20 observed B", "immutable-tag-moved B 20.."),
        (
            "moved and seen twice",
            "10 published A; 20 observed B; 25 observed B",
            "immutable-tag-moved B 20..",
        ),
        (
            "moved and moved back",
            "10 published A; 20 observed B; 30 observed A",
            "immutable-tag-moved B 20..30",
        ),
        (
            "moved twice and moved back",
            "10 observed A; 20 observed B; 30 observed A; 40 observed B; 50 observed A",
            "immutable-tag-moved B 20..30; immutable-tag-moved B 40..50",
        ),
        (
            "moved on and back",
            "10 observed A; 20 observed B; 30 observed C; 40 observed A",
            "immutable-tag-moved B 20..40; immutable-tag-moved C 30..40",
        ),
        ("published over", "10 published A; 20 published B", "immutable-tag-moved B 20.."),
        (
            "published over and mended",
            "10 published A; 20 published B; 30 published A",
            "immutable-tag-moved B 20..30",
        ),
        (
            "published over and seen mended",
            "10 published A; 20 published B; 30 observed A",
            "immutable-tag-moved B 20..30",
        ),
        (
            "a publisher's word does not undo what is seen",
            "10 published A; 20 observed B; 30 published A",
            "immutable-tag-moved B 20..",
        ),
        (
            "nor what it said itself and was seen since",
            "10 published A; 20 published B; 21 observed B; 30 published A; 31 observed A",
            "immutable-tag-moved B 20..31",
        ),
        ("vanished", "10 published A; 20 observed gone", "immutable-tag-vanished A 20.."),
        (
            "vanished and came back",
            "10 published A; 20 observed gone; 30 observed A",
            "immutable-tag-vanished A 20..30",
        ),
        (
            "vanished and came back as another",
            "10 published A; 20 observed gone; 30 observed B",
            "immutable-tag-vanished A 20..30; immutable-tag-moved B 30..",
        ),
        (
            "moved, vanished, and came back as it was moved",
            "10 published A; 20 observed B; 30 observed gone; 40 observed B",
            "immutable-tag-moved B 20..; immutable-tag-vanished B 30..40",
        ),
        (
            "two at one instant: the doubt is a finding",
            "10 published A; 20 observed A; 20 observed B",
            "immutable-tag-moved B 20..",
        ),
        (
            "two at the first instant: what was published is first",
            "10 published B; 10 observed A",
            "immutable-tag-moved A 10..",
        ),
    ] {
        let found = immutable_tag("registry.example/shop", &tag("v1.2.3"), &tags(history));
        assert_eq!(told(&found), expected, "{scenario}");
        check_form(&found);
        let floating = immutable_tag("registry.example/shop", &tag("latest"), &tags(history));
        assert!(floating.is_empty(), "{scenario}: latest may move");
    }
}

#[test]
fn it_says_what_the_tag_named() {
    let found =
        immutable_tag("registry.example/shop", &tag("v1.2.3"), &tags("10 published A; 20 observed B"));
    let (a, b) = (digest("A"), digest("B"));
    assert_eq!(
        found[0].message,
        format!(
            "registry.example/shop:v1.2.3 named {} since 1970-01-01T00:10:00Z, and {} at 1970-01-01T00:20:00Z.",
            a.short(),
            b.short()
        )
    );
    assert_eq!(found[0].subject, "registry.example/shop:v1.2.3");
    assert_eq!(found[0].evidence.len(), 2);
}

#[test]
fn some_tags_never_move() {
    let whole = "sha-0123456789abcdef0123456789abcdef01234567";
    for immutable in [
        "sha-0123456",
        whole,
        "v1.2.3",
        "1.2.3",
        "0.0.0",
        "v1.2.3-rc.1",
        "1.2.3-alpha-2.x",
        "test-20260131-1",
    ] {
        assert!(is_immutable(&tag(immutable)), "{immutable}");
    }
    for floating in [
        "latest",
        "staging-latest",
        "main",
        "1",
        "1.2",
        "v1.2",
        "1.2.3.4",
        "01.2.3",
        "1.2.3-",
        "1.2.3-rc..1",
        "1.2.3-01",
        "1.2.3_1",
        "v1.2.3-latest",
        "vv1.2.3",
        "sha-012345",
        "sha-012345g",
        "sha-0123456A",
        &format!("{whole}0"),
        "test-20260131",
        "test-20260131-",
        "test-20261301-1",
        "test-20260132-1",
        "test-2026013-1",
        "test-20260131-x",
    ] {
        assert!(!is_immutable(&tag(floating)), "{floating}");
    }
}
