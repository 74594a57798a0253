//! Looking into a registry, and pruning it.

use crate::Checked;
use crate::layout::{Layout, Recipe};
use crate::support::Ran;
use crate::world::World;
use evidence::{Claim, Outcome};
use serde_json::Value;

fn images(world: &World, args: &[&str]) -> Ran {
    let image = world.image();
    let mut all = vec!["images", "--image", &image];
    all.extend(args);
    Ran::of(world.xtask(&all).output().unwrap())
}

#[track_caller]
fn answer(ran: Ran) -> Value {
    let ran = ran.expect(0, &[]);
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:#?}"))
}

/// Commits of successive days, each published.
fn history(world: &World, tags: &[&[&str]]) -> Vec<Layout> {
    let publish = |(day, tags): (usize, &&[&str])| {
        let commit = world.commit(&format!("day {day}"));
        let platforms =
            if day % 2 == 0 { vec![("amd64", None)] } else { vec![("amd64", None), ("arm64", None)] };
        let created = format!("2026-01-{:02}T00:00:00Z", day + 1);
        let layout = world.artefact(&Recipe { created, platforms, ..Recipe::new(&commit) });
        world.published(&layout, tags);
        layout
    };
    tags.iter().enumerate().map(publish).collect()
}

pub fn list_and_show() -> Checked {
    let world = World::new();
    let layouts = history(&world, &[&["v1.0.0"], &["latest"]]);
    let list = answer(images(&world, &["--json", "list"]));
    let found: Vec<&str> =
        list["images"].as_array().unwrap().iter().map(|image| image["digest"].as_str().unwrap()).collect();
    assert_eq!(found, [layouts[1].digest.as_str(), layouts[0].digest.as_str()], "newest first");
    assert_eq!(list["images"][0]["platforms"], serde_json::json!(["linux/amd64", "linux/arm64"]));
    assert!(list["images"][0]["size_bytes"].as_u64().unwrap() > 80_000);
    let text = images(&world, &["list"]).expect(0, &["2 images"]).stdout;
    assert!(text.contains("latest") && !text.contains("sha256-"), "{text}");

    let shown = answer(images(&world, &["--json", "show", "v1.0.0"]));
    assert_eq!(shown["digest"], layouts[0].digest.as_str());
    assert_eq!(shown["labels"]["org.opencontainers.image.version"], "0.1.0");
    assert_eq!(shown["referrers"][0]["artifactType"], "application/vnd.portbook.evidence.v1+json");
    let whole = format!("{}@{}", world.image(), layouts[1].digest);
    let text = images(&world, &["show", &whole]).expect(0, &[]).stdout;
    assert!(text.contains("linux/arm64") && text.contains("referrers"), "{text}");
    images(&world, &["show", "nothing"]).expect(4, &["has no nothing", "images list"]);
    Ok(())
}

pub fn prune_removes_only_what_nothing_needs() -> Checked {
    let world = World::new();
    let none: &[&str] = &[];
    let layouts = history(&world, &[none, none, &["v1.0.0"], none, none, &["latest"]]);
    let commit = world.head();
    world.say(Claim::Deployed {
        service: "portbook".parse().unwrap(),
        environment: "prod".parse().unwrap(),
        commit: commit.parse().unwrap(),
        digest: Some(layouts[3].digest.clone()),
        version: "x".to_owned(),
        outcome: Outcome::Success,
        actor: "test".to_owned(),
        deployment: None,
        reference: None,
        failure: None,
        milliseconds: None,
        break_glass: None,
    });
    images(&world, &["prune"]).expect(2, &["--older-than or --keep-last"]);
    let before = world.direct.tags();
    let dry = answer(images(&world, &["--json", "prune", "--keep-last", "1", "--older-than", "1d"]));
    assert_eq!(world.direct.tags(), before, "nothing goes without --apply");
    let verdict = |layout: &Layout| {
        let images = dry["images"].as_array().unwrap();
        let one = images.iter().find(|one| one["digest"] == layout.digest.as_str()).unwrap();
        (one["remove"].as_bool().unwrap(), one["why"].as_str().unwrap().to_owned())
    };
    let expected = [
        (true, "nothing needs it"),
        (true, "nothing needs it"),
        (false, "the tag v1.0.0 names it"),
        (false, "was deployed to prod"),
        (false, "among the newest 1"),
        (false, "the tag latest names it"),
    ];
    for (layout, (remove, why)) in layouts.iter().zip(expected) {
        assert_eq!(verdict(layout), (remove, why.to_owned()));
    }
    let keep = layouts[0].digest.as_str();
    images(&world, &["prune", "--keep-last", "1", "--older-than", "1d", "--keep", keep, "--apply"])
        .expect(0, &["1 of 6 images"]);
    let tags = world.direct.assert_whole();
    assert_eq!(tags.len(), before.len() - 2, "the image's tag and its list of referrers: {tags:?}");
    assert!(world.direct.manifest(layouts[1].digest.as_str()).is_none());
    for layout in layouts.iter().enumerate().filter(|(at, _)| *at != 1).map(|(_, layout)| layout) {
        assert!(world.direct.manifest(layout.digest.as_str()).is_some());
    }
    Ok(())
}

pub fn a_repository_that_is_not_there() -> Checked {
    images(&World::new(), &["list"]).expect(4, &["does not exist", "cargo xtask publish"]);
    Ok(())
}
