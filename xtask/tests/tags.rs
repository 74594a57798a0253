//! Which tags an event gets: the action's semantics as a table, then what holds beyond them.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use proptest::prelude::*;
use serde_json::{Value, json};
use support::{Fixture, Ran};
use time::OffsetDateTime;
use xtask::context::Env;
use xtask::policy::event::Event;
use xtask::policy::tags::{Facts, Refusal, Rules, TagSet, resolve};
use xtask::zoneinfo;

const SHA: &str = "860c1904a1ce19322e91ac35af1ab07466440c37";

/// 2020-01-10T00:30:00Z.
fn now() -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(1_578_616_200).unwrap()
}

fn event(name: &str, reference: &str) -> Event {
    let mut payload = json!({ "repository": { "full_name": "Own/App", "default_branch": "main" } });
    match name {
        "pull_request" | "pull_request_target" => {
            payload["number"] = json!(15);
            payload["pull_request"] = json!({ "base": { "ref": "main" } });
        }
        "push" if reference.starts_with("refs/tags/") => payload["base_ref"] = json!("refs/heads/main"),
        "release" => drop(payload.as_object_mut().unwrap().remove("repository")),
        _ => {}
    }
    let env = Env::from([
        ("GITHUB_EVENT_NAME", name),
        ("GITHUB_REF", reference),
        ("GITHUB_SHA", SHA),
        ("GITHUB_REPOSITORY", "Own/App"),
    ]);
    Event::of_github(&env, payload).unwrap()
}

fn rules(images: &[&str], tags: &[&str], flavor: &[&str]) -> Rules {
    let own = |lines: &[&str]| lines.iter().map(|&line| line.to_owned()).collect::<Vec<_>>();
    Rules::new(&own(images), &own(tags), &own(flavor), &[]).unwrap()
}

fn facts() -> Facts<'static> {
    Facts { zones: &zoneinfo::look_up, ..Facts::at(now()) }
}

fn tags_of(event: &Event, tags: &[&str], flavor: &[&str]) -> Result<TagSet, Refusal> {
    resolve(&rules(&[], tags, flavor), event, &facts())
}

/// An event, a reference, rules, flavor, and the tags in their order. `-` stands for none.
type Row<'a> = (&'a str, &'a str, &'a [&'a str], &'a [&'a str], &'a str);

fn holds(table: &[Row<'_>]) {
    for (name, reference, tags, flavor, expected) in table {
        let set = tags_of(&event(name, reference), tags, flavor).unwrap();
        let got = set.references(&[]).join(" ");
        let expected = if *expected == "-" { "" } else { expected };
        assert_eq!(got, expected, "{name} {reference} {tags:?} {flavor:?}\n{:#?}", set.why);
        assert_eq!(set.version, expected.split(' ').next().unwrap_or_default());
    }
}

const NONE: &[&str] = &[];

#[test]
fn without_rules_the_reference_names_the_tag() {
    holds(&[
        ("push", "refs/heads/dev", NONE, NONE, "dev"),
        ("push", "refs/heads/main", NONE, NONE, "main"),
        ("push", "refs/heads/my/feature#1245", NONE, NONE, "my-feature-1245"),
        ("push", "refs/tags/v1.1.1", NONE, NONE, "v1.1.1 latest"),
        ("release", "refs/tags/v1.1.1", NONE, NONE, "v1.1.1 latest"),
        ("pull_request", "refs/pull/15/merge", NONE, NONE, "pr-15"),
        // Its own reference is the branch that is merged into.
        ("pull_request_target", "refs/heads/main", NONE, NONE, "pr-15"),
        ("schedule", "refs/heads/main", NONE, NONE, "nightly main"),
        ("push", "", NONE, NONE, "-"),
    ]);
}

#[test]
fn branches_edge_and_commits() {
    let long = format!("dev sha-{SHA}");
    holds(&[
        ("push", "refs/heads/main", &["type=edge"], NONE, "edge"),
        ("push", "refs/heads/dev", &["type=edge"], NONE, "-"),
        ("push", "refs/heads/dev", &["type=edge,branch=dev", "type=sha"], NONE, "edge sha-860c190"),
        ("push", "refs/heads/main", &["type=edge,branch=dev", "type=sha"], NONE, "sha-860c190"),
        ("push", "refs/heads/dev", &["type=ref,event=branch", "type=sha,format=long"], NONE, &long),
        ("push", "refs/heads/main", &["type=sha,prefix="], NONE, "860c190"),
        ("push", "refs/heads/main", &["type=ref,priority=2000,event=branch", "type=edge"], NONE, "main edge"),
        ("push", "refs/heads/dev", &["type=raw,on,enable={{is_default_branch}}"], NONE, "-"),
        ("push", "refs/heads/dev", &["type=raw,off,enable={{is_not_default_branch}}"], NONE, "off"),
        ("pull_request", "refs/pull/15/merge", &["type=raw,on-{{base_ref}}"], NONE, "on-main"),
        (
            "pull_request",
            "refs/pull/15/merge",
            &["type=ref,event=pr,prefix="],
            &["prefix=a-", "suffix=-z"],
            "15-z",
        ),
        (
            "pull_request",
            "refs/pull/15/merge",
            &["type=sha,priority=2000", "type=ref,event=pr"],
            NONE,
            "sha-860c190 pr-15",
        ),
    ]);
}

#[test]
fn semantic_versions() {
    const PARTS: &[&str] = &[
        "type=semver,pattern={{version}}",
        "type=semver,pattern={{major}}.{{minor}}",
        "type=semver,pattern={{major}}",
    ];
    holds(&[
        ("push", "refs/tags/v1.2.3", PARTS, NONE, "1.2.3 1.2 1 latest"),
        ("push", "refs/tags/v2.0.8-beta.67", PARTS, NONE, "2.0.8-beta.67"),
        ("push", "refs/tags/v2.0.8-beta.67", &["type=semver,pattern={{raw}}"], NONE, "v2.0.8-beta.67"),
        ("push", "refs/tags/v1.2.3+b.5", &["type=semver,pattern={{version}}"], NONE, "1.2.3 latest"),
        ("push", "refs/tags/v1.2.3+b.5", &["type=semver,pattern={{raw}}"], NONE, "v1.2.3-b.5 latest"),
        ("push", "refs/tags/sometag", PARTS, NONE, "-"),
        ("push", "refs/heads/main", PARTS, NONE, "-"),
        (
            "push",
            "refs/heads/main",
            &["type=semver,pattern={{version}},value=v1.2.3", "type=edge"],
            NONE,
            "1.2.3 edge latest",
        ),
        (
            "push",
            "refs/tags/p1/v1.0.0",
            &[r#"type=semver,pattern={{version}},"match=v(\d.\d.\d)$""#],
            NONE,
            "1.0.0 latest",
        ),
        (
            "push",
            "refs/tags/v1.2.3",
            &["type=semver,pattern={{major}}.{{minor}}.{{patch}}"],
            &["latest=false"],
            "1.2.3",
        ),
        ("push", "refs/tags/v1.2.3", &["type=semver,pattern={{branch}}x"], NONE, "x latest"),
    ]);
}

#[test]
fn python_versions() {
    const PARTS: &[&str] = &[
        "type=pep440,pattern={{version}}",
        "type=pep440,pattern={{major}}.{{minor}}",
        "type=pep440,pattern={{major}}",
    ];
    holds(&[
        ("push", "refs/tags/1.2", PARTS, NONE, "1.2 1 latest"),
        ("push", "refs/tags/v1.1.1", PARTS, NONE, "1.1.1 1.1 1 latest"),
        ("push", "refs/tags/1.1beta2", PARTS, NONE, "1.1b2"),
        ("push", "refs/tags/1.0dev4", PARTS, NONE, "1.0.dev4"),
        ("push", "refs/tags/1.2post1", PARTS, NONE, "1.2.post1"),
        (
            "push",
            "refs/tags/v1.2.3rc2",
            &["type=pep440,pattern={{raw}}", "type=pep440,pattern={{major}}"],
            NONE,
            "v1.2.3rc2 1.2.3rc2",
        ),
        ("push", "refs/tags/sometag", PARTS, NONE, "-"),
    ]);
}

#[test]
fn matches() {
    holds(&[
        ("push", "refs/tags/20200110-RC2", &[r"type=match,pattern=\d{8}"], &["latest=false"], "20200110"),
        ("push", "refs/tags/20200110-RC2", &["type=match,pattern=(.*)-RC,group=1"], NONE, "20200110 latest"),
        (
            "push",
            "refs/tags/v1.1.1",
            &[r#"type=match,"pattern=^v(\d.\d.\d)$",group=1"#],
            NONE,
            "1.1.1 latest",
        ),
        ("push", "refs/tags/v1.1.1", &[r#"type=match,"pattern=/^V(\d{1,2})/i",group=1"#], NONE, "1 latest"),
        ("push", "refs/tags/p1/v1.0.0", &[r"type=match,pattern=p1/v(\d.\d),group=3"], NONE, "-"),
        ("push", "refs/tags/sometag", &[r"type=match,pattern=\d.\d"], NONE, "-"),
        ("push", "refs/heads/dev", &[r"type=match,pattern=\d{8}", "my"], NONE, "my"),
        // A pre-release brings latest along here. The guard of floating tags keeps it.
        ("push", "refs/tags/v2.0.8-beta.67", &[r"type=match,pattern=\d.\d.\d"], NONE, "2.0.8 latest"),
    ]);
}

#[test]
fn values_dates_and_affixes() {
    holds(&[
        ("push", "refs/heads/dev", &["type=ref,event=branch", "type=raw,my", "two"], NONE, "dev my two"),
        ("push", "refs/heads/dev", &["type=raw,a,enable=false", "type=raw,b,enable=true"], NONE, "b"),
        ("push", "refs/heads/main", &["d-{{date 'YYYYMMDD'}}", "tag-{{tag}}"], NONE, "d-20200110 tag-"),
        (
            "push",
            "refs/heads/main",
            &["type=raw,value={{date 'YYYYMMDD-HHmmss' tz='Asia/Tokyo'}}"],
            NONE,
            "20200110-093000",
        ),
        ("push", "refs/heads/main", &["{{commit_date YYYY-MM}}"], NONE, "2020-01-10T00-30-00Z"),
        (
            "push",
            "refs/tags/v1.1.1",
            &["{{tag}}-{{sha}}", "type=raw,{{base_ref}}"],
            NONE,
            "v1.1.1-860c190 main",
        ),
        ("push", "refs/heads/a=b", &["{{branch}}", "type=raw,value={{{branch}}}2"], NONE, "a-x3D-b a-b2"),
        (
            "schedule",
            "refs/heads/main",
            &["type=schedule,pattern={{date 'YYYYMMDD'}}{{branch}}"],
            NONE,
            "20200110",
        ),
        ("schedule", "refs/heads/main", &["type=schedule"], &["prefix=a-", "suffix=-z"], "a-nightly-z"),
        (
            "push",
            "refs/tags/v1.1.1",
            &["type=raw,priority=2000,foo", "type=ref,event=tag"],
            NONE,
            "foo v1.1.1",
        ),
        (
            "push",
            "refs/tags/v1.1.1",
            &["type=ref,event=tag"],
            &["prefix=a-,onlatest=true", "suffix=-z"],
            "a-v1.1.1-z a-latest",
        ),
        ("push", "refs/heads/dev", &["type=raw,my,prefix=p-,suffix="], &["prefix=a-", "suffix=-z"], "p-my"),
    ]);
}

#[test]
fn every_image_gets_every_tag_in_lower_case() {
    let rules =
        rules(&["Org/App", "name=ghcr.io/MyUser/MyApp", "off,enable=false"], &["type=sha", "type=edge"], &[]);
    let set = resolve(&rules, &event("push", "refs/heads/main"), &facts()).unwrap();
    assert_eq!(
        set.references(&rules.images),
        [
            "org/app:edge",
            "org/app:sha-860c190",
            "ghcr.io/myuser/myapp:edge",
            "ghcr.io/myuser/myapp:sha-860c190"
        ]
    );
}

#[test]
fn labels_are_those_of_the_image_specification_and_ones_own() {
    let mut event = event("push", "refs/heads/main");
    event.payload["repository"]["description"] = json!("A \"good\" one");
    event.payload["repository"]["license"] = json!({ "spdx_id": "MIT" });
    let own = [
        "maintainer=Someone=Else".to_owned(),
        "org.opencontainers.image.title={{branch}}".to_owned(),
        "invalid".to_owned(),
    ];
    let rules = Rules::new(&[], &["type=sha".to_owned()], &[], &own).unwrap();
    let labels = resolve(&rules, &event, &facts()).unwrap().labels;
    let lines: Vec<_> = labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    expect_test::expect![[r#"
        maintainer=Someone=Else
        org.opencontainers.image.created=2020-01-10T00:30:00.000Z
        org.opencontainers.image.description=A "good" one
        org.opencontainers.image.licenses=MIT
        org.opencontainers.image.revision=860c1904a1ce19322e91ac35af1ab07466440c37
        org.opencontainers.image.source=https://github.com/Own/App
        org.opencontainers.image.title=main
        org.opencontainers.image.url=https://github.com/Own/App
        org.opencontainers.image.version=sha-860c190"#]]
    .assert_eq(&lines.join("\n"));
}

#[test]
fn latest_is_not_for_other_branches() {
    holds(&[
        ("push", "refs/heads/dev", &["my"], &["latest=true"], "my"),
        ("workflow_dispatch", "refs/heads/dev", &["latest", "type=sha"], NONE, "sha-860c190"),
        ("workflow_dispatch", "refs/heads/main", &["latest"], NONE, "latest"),
        ("push", "refs/heads/main", &["my"], &["latest=true"], "my latest"),
        ("pull_request", "refs/pull/15/merge", &["latest"], NONE, "-"),
    ]);
    let held = tags_of(&event("push", "refs/heads/dev"), &["my"], &["latest=true"]).unwrap();
    assert!(!held.latest && held.why.iter().any(|line| line.contains("default branch alone")), "{held:#?}");
}

#[test]
fn what_moves_is_told_from_what_does_not() {
    for (reference, rule, floating) in [
        ("refs/heads/main", "type=sha", false),
        ("refs/heads/main", "type=ref,event=branch", true),
        ("refs/heads/main", "type=edge", true),
        ("refs/heads/main", "anything", true),
        ("refs/heads/main", "anything,floating=false", false),
        ("refs/heads/main", "build-{{sha}}", false),
        ("refs/heads/main", "{{date 'YYYYMMDD'}}", true),
        ("refs/heads/main", "type=sequence,pattern=t-{{n}}", false),
        ("refs/tags/v1.2.3", "type=ref,event=tag", false),
        ("refs/tags/v1.2.3", "type=semver,pattern={{version}}", false),
        ("refs/tags/v1.2.3", "type=semver,pattern={{major}}.{{minor}}", true),
        ("refs/tags/v1.2.3-rc.1", "type=semver,pattern={{major}}", false),
        ("refs/tags/v1.2.3", "type=match,pattern=v(.*),group=1", false),
        ("refs/tags/v1.2.3", r"type=match,pattern=v(\d),group=1", true),
        ("refs/tags/latest", "type=ref,event=tag", true),
    ] {
        let set = tags_of(&event("push", reference), &[rule], &["latest=false"]).unwrap();
        assert_eq!(set.tags[0].floating, floating, "{reference} {rule}");
    }
}

#[test]
fn a_sequence_goes_on_and_a_commit_keeps_its_number() {
    let rules = rules(&[], &["type=sequence,pattern=test-{{date 'YYYYMMDD'}}-{{n}}"], &[]);
    let event = event("push", "refs/heads/pre-release");
    let of = |taken: &[&str], held: &[&str]| {
        let own = |tags: &[&str]| tags.iter().map(|&tag| tag.to_owned()).collect::<Vec<_>>();
        let (taken, held) = (own(taken), own(held));
        resolve(&rules, &event, &Facts { taken: &taken, held: &held, ..facts() }).unwrap().version
    };
    assert_eq!(of(&[], &[]), "test-20200110-1");
    assert_eq!(
        of(&["test-20200110-2", "test-20200110-10", "test-20200109-99", "latest"], &[]),
        "test-20200110-11"
    );
    assert_eq!(of(&["test-20200110-x", "test-20200110-007", "test-20200110-"], &[]), "test-20200110-1");
    assert_eq!(
        of(&["test-20200110-1", "test-20200110-2"], &["sha-860c190", "test-20200110-1"]),
        "test-20200110-1"
    );
    let full = vec![format!("test-20200110-{}", u64::MAX)];
    assert!(resolve(&rules, &event, &Facts { taken: &full, ..facts() }).is_err());
}

#[test]
fn two_inputs_never_become_one_tag() {
    let refused = |result: Result<TagSet, Refusal>| match result {
        Err(Refusal::Policy(why)) => {
            assert!(why.contains("rename") || why.contains("another commit"), "{why}")
        }
        other => panic!("{other:?}"),
    };
    let main = event("push", "refs/heads/main");
    refused(tags_of(&main, &["1.2.3+a", "1.2.3-a"], &[]));
    refused(tags_of(&main, &["sha-0123456"], &[]));
    let references =
        ["refs/tags/v1.2.3+patch", "refs/tags/v1.2.3-patch", "refs/heads/v1.2.3-patch"].map(str::to_owned);
    let with = |references: &[String]| {
        let rules = rules(&[], &["type=ref,event=tag"], &[]);
        resolve(&rules, &event("push", "refs/tags/v1.2.3+patch"), &Facts { references, ..facts() })
    };
    refused(with(&references));
    assert_eq!(
        with(&references[2..]).unwrap().version,
        "v1.2.3-patch",
        "a branch of that name is something else"
    );
}

#[test]
fn wrong_rules_are_named() {
    for (rule, word) in [
        ("type=raw,value={{#if x}}{{/if}}", "blocks"),
        ("type=raw,value=x,enable=perhaps", "enable"),
        ("type=raw,value={{date 'YYYY' tz='Mars/Olympus'}}", "Mars"),
        ("type=match,pattern=(?=x),value=x", "look-around"),
    ] {
        match tags_of(&event("push", "refs/heads/main"), &[rule], &[]) {
            Err(Refusal::Rules(why)) => assert!(why.contains(word) && why.contains(rule), "{why}"),
            other => panic!("{rule}: {other:?}"),
        }
    }
}

#[test]
fn rules_are_blocks_or_lists() {
    let block = "images: |\n  a/b\n  # no\n  c/d\ntags: |\n  type=sha\n\n  type=raw,value=x#1\nflavor: latest=false\n";
    let list =
        "images:\n  - a/b\n  - c/d\ntags:\n  - type=sha\n  - type=raw,value=x#1\nflavor: [latest=false]\n";
    for text in [block, list] {
        let rules = Rules::parse(text).unwrap();
        let set = resolve(&rules, &event("push", "refs/heads/main"), &facts()).unwrap();
        let all = set.references(&rules.images).join(" ");
        assert_eq!(all, "a/b:x-1 a/b:sha-860c190 c/d:x-1 c/d:sha-860c190");
    }
    assert_eq!(Rules::parse("").unwrap().tags.len(), 4);
    for (bad, word) in
        [("tag: x\n", "\"tag\""), ("- x\n", "mapping"), ("tags: {a: b}\n", "lines"), ("a: [", "YAML")]
    {
        let error = Rules::parse(bad).unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
    }
}

/// The repository's own rules, as the table in docs/tagging.md has them.
#[test]
fn the_trigger_table() {
    let fixture = Fixture::new();
    std::fs::write(fixture.path("Cargo.toml"), "[workspace.package]\nversion = \"3.2.1\"\n").unwrap();
    fixture.git(&["add", "--all"]);
    fixture.git(&["commit", "--quiet", "--message", "version"]);
    let sha = fixture.git(&["rev-parse", "HEAD"]);
    let own = format!("sha-{}", &sha[..7]);
    for (name, reference, expected) in [
        ("push", "refs/heads/main", "SHA latest"),
        ("push", "refs/heads/pre-release", "test-20260102-4 SHA staging-latest"),
        ("push", "refs/tags/test-x", "test-20260102-4 SHA staging-latest"),
        ("push", "refs/heads/release", "v3.2.1 SHA"),
        ("push", "refs/tags/v1.2.3", "v1.2.3 SHA"),
        ("push", "refs/tags/v1.2.3+patch", "v1.2.3-patch SHA"),
        ("push", "refs/tags/any/other", "any-other SHA"),
        ("push", "refs/tags/latest", "SHA"),
        ("push", "refs/heads/topic", ""),
        ("pull_request", "refs/pull/3/merge", ""),
    ] {
        let mut call =
            fixture.xtask(&["tags", "--json", "--now", "2026-01-02T23:59:59Z", "--taken", "test-20260102-3"]);
        call.env("GITHUB_EVENT_NAME", name).env("GITHUB_REF", reference).env("GITHUB_SHA", &sha);
        let answer =
            Ran::of(call.env("GITHUB_REPOSITORY", "Portbook/Portbook").output().unwrap()).expect(0, &[]);
        let answer: Value = serde_json::from_str(&answer.stdout).unwrap();
        let tags: Vec<_> =
            answer["tags"].as_array().unwrap().iter().map(|tag| tag.as_str().unwrap()).collect();
        let expected: Vec<_> = expected
            .split_whitespace()
            .map(|tag| format!("ghcr.io/portbook/portbook:{}", tag.replace("SHA", &own)))
            .collect();
        assert_eq!(tags, expected, "{name} {reference}: {answer:#}");
        assert_eq!(answer["latest"], json!(reference == "refs/heads/main"));
    }
}

#[test]
fn without_a_workflow_git_answers() {
    let fixture = Fixture::new();
    let sha = fixture.git(&["rev-parse", "HEAD"]);
    let ran = fixture.run(&["tags"]).expect(0, &["type=sha"]);
    assert_eq!(
        ran.stdout,
        format!("ghcr.io/portbook/portbook:sha-{}\nghcr.io/portbook/portbook:latest\n", &sha[..7])
    );
    fixture.git(&["checkout", "--quiet", "-b", "topic"]);
    assert_eq!(fixture.run(&["tags"]).expect(0, &["no tags"]).stdout, "");
    fixture.git(&["tag", "v1.0.0"]);
    fixture.git(&["checkout", "--quiet", "--detach"]);
    assert!(fixture.run(&["tags"]).expect(0, &[]).stdout.contains(":v1.0.0\n"));
}

#[test]
fn bad_calls_are_told_what_is_wrong() {
    let fixture = Fixture::new();
    fixture.run(&["tags", "--now", "yesterday"]).expect(2, &["RFC 3339"]);
    fixture.run(&["tags", "--rules", "nowhere.yml"]).expect(2, &["nowhere.yml"]);
    fixture.run(&["tags", "--event-path", "nowhere.json"]).expect(2, &["nowhere.json"]);
    std::fs::write(fixture.path("rules.yml"), "tags: type=sematver,pattern=x\n").unwrap();
    fixture.run(&["tags", "--rules", "rules.yml"]).expect(2, &["did you mean semver?"]);
    std::fs::write(fixture.path("rules.yml"), "tags: [a+b, a-b]\n").unwrap();
    fixture.run(&["tags", "--rules", "rules.yml"]).expect(3, &["rename"]);
    std::fs::write(fixture.path("event.json"), "{").unwrap();
    fixture.run(&["tags", "--event-path", "event.json"]).expect(2, &["not JSON"]);
}

/// Any JSON, with the keys that are looked at in it.
fn payload() -> impl Strategy<Value = Value> {
    let key = prop_oneof![
        Just("workflow_run".to_owned()),
        Just("head_sha".to_owned()),
        Just("head_branch".to_owned()),
        Just("repository".to_owned()),
        Just("full_name".to_owned()),
        Just("default_branch".to_owned()),
        Just("number".to_owned()),
        Just("pull_request".to_owned()),
        Just("base".to_owned()),
        Just("ref".to_owned()),
        Just("after".to_owned()),
        Just("base_ref".to_owned()),
        Just("license".to_owned()),
        "\\PC{0,8}",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        Just(Value::from(SHA)),
        reference().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(key.clone(), inner, 0..6).prop_map(|map| json!(map)),
        ]
    })
}

fn reference() -> impl Strategy<Value = String> {
    let name = prop_oneof![
        "\\PC{0,300}",
        "[a-z/.%+ -]{0,40}",
        "v[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}[-+]?[a-z0-9.]{0,8}",
        ".{0,20}"
    ];
    let kind = prop_oneof![Just("refs/heads/"), Just("refs/tags/"), Just("refs/pull/"), Just("")];
    (kind, name).prop_map(|(kind, name)| format!("{kind}{name}"))
}

fn any_event() -> impl Strategy<Value = (String, String, Value)> {
    let name = prop_oneof![
        Just("push".to_owned()),
        Just("pull_request".to_owned()),
        Just("pull_request_target".to_owned()),
        Just("workflow_run".to_owned()),
        Just("schedule".to_owned()),
        Just("release".to_owned()),
        "\\PC{0,12}",
    ];
    // Mostly an object, so that most events are understood.
    let payload = payload().prop_map(|value| match value {
        Value::Object(_) | Value::Bool(true) => value,
        other => json!({ "repository": other }),
    });
    (name, reference(), payload)
}

/// A rule of any type whose parts are hostile.
fn any_rule() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        "[^,\"\n]{0,40}",
        Just("{{branch}}".to_owned()),
        Just("{{{tag}}}".to_owned()),
        Just("{{version}}".to_owned()),
        Just("{{date 'YYYYMMDD'}}".to_owned()),
        Just("{{raw}}-{{n}}".to_owned()),
        Just("(.*)".to_owned()),
    ];
    let kind = prop::sample::select(vec![
        "schedule", "semver", "pep440", "match", "edge", "ref", "raw", "sha", "sequence",
    ]);
    let rest = prop::sample::select(vec![
        "",
        ",event=branch",
        ",event=tag",
        ",event=pr",
        ",group=1",
        ",format=long",
    ]);
    (kind, value.clone(), value, rest).prop_map(|(kind, pattern, value, rest)| {
        format!("type={kind},pattern={pattern},value={value},prefix=x{rest}")
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_hostile_makes_an_illegal_reference(
        (name, reference, payload) in any_event(),
        lines in prop::collection::vec(any_rule(), 0..5),
        text in "\\PC{0,200}",
    ) {
        let env = Env::from([
            ("GITHUB_EVENT_NAME", name.as_str()), ("GITHUB_REF", reference.as_str()), ("GITHUB_SHA", SHA),
        ]);
        // Rules of any text are read or refused.
        let _ = Rules::parse(&text);
        let own = ["type=sha", "{{branch}}", "type=ref,event=tag", "type=sequence,pattern={{branch}}{{n}}"];
        let lines = if lines.is_empty() { own.map(str::to_owned).to_vec() } else { lines };
        let rules = Rules::new(&["Ghcr.io/A/B".to_owned()], &lines, &["latest=auto,prefix={{tag}}".to_owned()], &[]);
        if let (Ok(event), Ok(rules)) = (Event::of_github(&env, payload), rules)
            && let Ok(set) = resolve(&rules, &event, &facts())
        {
            for reference in set.references(&rules.images) {
                prop_assert!(reference.parse::<evidence::ImageRef>().is_ok(), "{reference}");
            }
        }
    }
}
