//! What publishing promises, asked of a real registry.

use crate::Checked;
use crate::layout::{INDEX, Layout, Recipe, noise};
use crate::proxy::{Act, Proxy, Seen};
use crate::support::Ran;
use crate::world::{World, tag};
use evidence::Outcome;
use std::sync::mpsc;

pub fn publish_and_again() -> Checked {
    let proxy = Proxy::start();
    let world = World::behind(proxy.address);
    let layout = world.artefact(&Recipe::new(&world.head()));
    let first = world.published(&layout, &["latest", "v1.2.3"]);
    assert_eq!(world.direct.digest("latest").as_ref(), Some(&layout.digest));
    assert_eq!(world.direct.digest(&layout.own).as_ref(), Some(&layout.digest));
    assert_eq!(tag(&first, "v1.2.3")["act"], "created");
    assert!(first["uploaded_bytes"].as_u64().unwrap() > 80_000);
    proxy.pass();
    let second = world.published(&layout, &["latest", "v1.2.3"]);
    assert_eq!(second["uploaded_bytes"], 0);
    assert_eq!(tag(&second, "latest")["act"], "there already");
    let seen = proxy.seen();
    assert!(seen.len() <= 12, "{} requests: {seen:#?}", seen.len());
    assert!(seen.iter().all(|one| one.body.is_empty()), "something was sent: {seen:#?}");
    world.direct.assert_whole();
    Ok(())
}

pub fn one_changed_layer_travels_alone() -> Checked {
    let world = World::new();
    let mut recipe = Recipe::new(&world.head());
    world.published(&world.artefact(&recipe), &["latest"]);
    recipe.commit = world.commit("front end");
    recipe.layers[1] = noise("changed", 12_345);
    let layout = world.artefact(&recipe);
    let answer = world.published(&layout, &["latest"]);
    let uploaded = answer["uploaded_bytes"].as_u64().unwrap();
    assert!((12_345..14_000).contains(&uploaded), "the layer and the configuration, not {uploaded} bytes");
    assert_eq!(tag(&answer, "latest")["act"], "moved");
    Ok(())
}

pub fn a_further_tag_is_the_same_bytes() -> Checked {
    for platforms in [vec![("amd64", None)], vec![("amd64", None), ("arm64", None), ("arm", Some("v7"))]] {
        let world = World::new();
        let layout = world.artefact(&Recipe { platforms, ..Recipe::new(&world.head()) });
        world.published(&layout, &[]);
        let answer = world.published(&layout, &["v3.0.0"]);
        assert_eq!(answer["uploaded_bytes"], 0);
        let (digest, kind, _) = world.direct.manifest("v3.0.0").unwrap();
        assert_eq!((digest, kind.as_str()), (layout.digest, layout.media_type));
    }
    Ok(())
}

pub fn an_index_is_published_as_it_stands() -> Checked {
    let world = World::new();
    let platforms = vec![("amd64", None), ("arm64", None), ("arm", Some("v7"))];
    let layout = world.artefact(&Recipe { platforms, sbom: true, ..Recipe::new(&world.head()) });
    let answer = world.published(&layout, &["latest"]);
    assert_eq!(answer["platforms"], serde_json::json!(["linux/amd64", "linux/arm64", "linux/arm/v7"]));
    assert_eq!(answer["media_type"], INDEX);
    assert_eq!(world.direct.digest("latest"), Some(layout.digest.clone()));
    let tags = world.direct.assert_whole();
    let list = layout.digest.as_str().replace(':', "-");
    assert!(tags.contains(&list), "the list of referrers is not among {tags:?}");
    let (_, _, body) = world.direct.manifest(&list).unwrap();
    let list: serde_json::Value = serde_json::from_slice(&body).unwrap();
    let mut kinds: Vec<&str> = list["manifests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["artifactType"].as_str().unwrap())
        .collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["application/vnd.cyclonedx+json", "application/vnd.portbook.evidence.v1+json"]);
    Ok(())
}

pub fn what_was_not_tested_is_refused() -> Checked {
    let world = World::new();
    let recipe = Recipe::new(&world.head());
    let layout = world.untested(&recipe);
    world.publish(&layout, &["latest"]).expect(3, &["no evidence", "cargo xtask smoke --artefact"]);
    world.smoke(&layout.digest, &recipe.commit, Outcome::Failure);
    world.publish(&layout, &["latest"]).expect(3, &["did not pass"]);
    assert!(world.direct.tags().is_empty());
    Ok(())
}

pub fn by_hand_to_another_machine_the_gate_is_asked() -> Checked {
    let world = World::new();
    let layout = world.artefact(&Recipe::new(&world.head()));
    let args = world.publish_args(&layout, "registry.invalid/team/app", &["latest"]);
    Ran::of(world.xtask(&args).output().unwrap()).expect(3, &["the gate says no", "no-verdict"]);
    Ok(())
}

pub fn a_tag_that_names_something_else_is_refused() -> Checked {
    let world = World::new();
    let recipe = Recipe::new(&world.head());
    let first = world.artefact(&recipe);
    world.published(&first, &["v1.0.0"]);
    // The same commit once more, with other bytes.
    let rebuilt = world.artefact(&Recipe { layers: vec![noise("rebuilt", 9_000)], ..recipe.clone() });
    world
        .publish(&rebuilt, &["latest"])
        .expect(3, &[&recipe.commit, first.digest.as_str(), rebuilt.digest.as_str()]);
    // Another commit that begins with the same seven digits.
    let twin = format!("{}{}", &recipe.commit[..7], "0".repeat(33));
    let layout = world.artefact(&Recipe::new(&twin));
    world.publish(&layout, &[]).expect(3, &[&twin, &recipe.commit, "same seven digits"]);
    // A release's tag never moves.
    let next = Recipe::new(&world.commit("next"));
    world
        .publish(&world.artefact(&next), &["v1.0.0"])
        .expect(3, &["v1.0.0 names", &recipe.commit, "never moves"]);
    assert_eq!(world.direct.digest("v1.0.0"), Some(first.digest));
    assert!(world.direct.digest("latest").is_none(), "nothing is put where one tag is refused");
    Ok(())
}

pub fn two_at_once_are_safe() -> Checked {
    let world = World::new();
    let layout = world.artefact(&Recipe { sbom: true, ..Recipe::new(&world.head()) });
    let image = world.image();
    let args = world.publish_args(&layout, &image, &["latest", "v1.0.0"]);
    std::thread::scope(|scope| {
        let both: Vec<_> =
            (0..2).map(|_| scope.spawn(|| Ran::of(world.xtask(&args).output().unwrap()))).collect();
        for one in both {
            one.join().unwrap().expect(0, &[]);
        }
    });
    for tag in ["latest", "v1.0.0"] {
        assert_eq!(world.direct.digest(tag).as_ref(), Some(&layout.digest));
    }
    world.direct.assert_whole();
    Ok(())
}

/// Publishes two commits; the older one is held at a request until the newer one is through. What the older one came to.
fn overtaken(proxy: &Proxy, world: &World, older: &Layout, newer: &Layout, at: fn(&Seen) -> bool) -> Ran {
    let (held, is_held) = mpsc::channel::<()>();
    let (go, may_go) = mpsc::channel::<()>();
    let mut gate = Some((held, may_go));
    proxy.rule(move |_, seen| match gate.take_if(|_| at(seen)) {
        Some((held, may_go)) => {
            let wait = move || {
                held.send(()).unwrap();
                may_go.recv().unwrap();
            };
            Act::Then(Box::new(wait), Box::new(Act::Pass))
        }
        None => Act::Pass,
    });
    std::thread::scope(|scope| {
        let late = scope.spawn(|| world.publish(older, &["latest"]));
        is_held.recv().unwrap();
        world.published(newer, &["latest"]);
        go.send(()).unwrap();
        late.join().unwrap()
    })
}

pub fn an_older_commit_that_ends_last_leaves_latest() -> Checked {
    let proxy = Proxy::start();
    let world = World::behind(proxy.address);
    let older = world.artefact(&Recipe::new(&world.head()));
    let newer = world.artefact(&Recipe::new(&world.commit("newer")));
    // Held at its first upload.
    let late = overtaken(&proxy, &world, &older, &newer, |seen| seen.method == "POST");
    let late = late.expect(0, &["kept"]);
    let answer: serde_json::Value = serde_json::from_str(&late.stdout).unwrap();
    assert_eq!(tag(&answer, "latest")["act"], "kept");
    assert_eq!(world.direct.digest(&older.own), Some(older.digest));
    assert_eq!(world.direct.digest("latest"), Some(newer.digest));
    world.direct.assert_whole();
    Ok(())
}

pub fn an_older_commit_that_puts_latest_last_hands_it_on() -> Checked {
    let proxy = Proxy::start();
    let world = World::behind(proxy.address);
    let older = world.artefact(&Recipe::new(&world.head()));
    let newer = world.artefact(&Recipe::new(&world.commit("newer")));
    // It has judged `latest` and is held right before it puts it.
    let puts_latest = |seen: &Seen| seen.method == "PUT" && seen.target.ends_with("/manifests/latest");
    let late = overtaken(&proxy, &world, &older, &newer, puts_latest);
    let late = late.expect(0, &["was published meanwhile"]);
    let answer: serde_json::Value = serde_json::from_str(&late.stdout).unwrap();
    assert_eq!(tag(&answer, "latest")["act"], "kept");
    assert_eq!(world.direct.digest("latest"), Some(newer.digest.clone()));

    // Killed before it could hand it on: the next run does.
    world.direct.put("latest", &older.digest);
    let answer = world.published(&older, &["latest"]);
    assert_eq!(tag(&answer, "latest")["act"], "kept", "{answer:#}");
    assert_eq!(world.direct.digest("latest"), Some(newer.digest));
    world.direct.assert_whole();
    Ok(())
}

pub fn a_backport_leaves_latest() -> Checked {
    let world = World::new();
    let recipe = |version: &str, commit: &str| Recipe { version: version.to_owned(), ..Recipe::new(commit) };
    let old = world.artefact(&recipe("1.9.0", &world.head()));
    world.published(&old, &["v1.9.0", "1.9", "1", "latest"]);
    world.fixture.git(&["branch", "--quiet", "release-1"]);
    let two = world.artefact(&recipe("2.0.1", &world.commit("two")));
    world.published(&two, &["v2.0.1", "2.0", "2", "latest"]);
    world.fixture.git(&["checkout", "--quiet", "release-1"]);
    let backport = world.artefact(&recipe("1.9.1", &world.commit("backport")));
    let answer = world.published(&backport, &["v1.9.1", "1.9", "1", "latest"]);
    assert_eq!(tag(&answer, "latest")["act"], "kept", "{answer:#}");
    assert_eq!(tag(&answer, "1.9")["act"], "moved", "{answer:#}");
    for (tag, digest) in [
        ("latest", &two.digest),
        ("2", &two.digest),
        ("1.9", &backport.digest),
        ("1", &backport.digest),
        ("v1.9.0", &old.digest),
    ] {
        assert_eq!(world.direct.digest(tag).as_ref(), Some(digest), "{tag}");
    }
    Ok(())
}

pub fn an_upper_case_owner_is_lower_cased() -> Checked {
    let world = World::new();
    let layout = world.artefact(&Recipe::new(&world.head()));
    let image = world.image().replace("team", "Team");
    let ran = Ran::of(world.xtask(&world.publish_args(&layout, &image, &["latest"])).output().unwrap())
        .expect(0, &[]);
    assert!(ran.stdout.contains(&format!("\"{}\"", world.image())), "{ran:#?}");
    assert_eq!(world.direct.digest("latest"), Some(layout.digest));
    Ok(())
}

pub fn a_dry_run_says_every_request_and_sends_none() -> Checked {
    let proxy = Proxy::start();
    let world = World::behind(proxy.address);
    let layout = world.artefact(&Recipe::new(&world.head()));
    let image = world.image();
    let mut args = world.publish_args(&layout, &image, &["latest"]);
    args.retain(|arg| *arg != "--json");
    args.push("--dry-run");
    proxy.pass();
    let dry = Ran::of(world.xtask(&args).output().unwrap()).expect(0, &["would publish"]);
    assert!(proxy.seen().iter().all(|seen| matches!(seen.method.as_str(), "GET" | "HEAD")));
    assert!(world.direct.tags().is_empty());
    let would: Vec<&str> = dry.stdout.lines().filter_map(|line| line.strip_prefix("would ")).collect();
    proxy.pass();
    args.pop();
    let summary = world.home("summary.md");
    let ran = world.xtask(&args).env("GITHUB_STEP_SUMMARY", &summary).output().unwrap();
    Ran::of(ran).expect(0, &[]);
    // What was sent is what was said, method by method.
    let wrote = |method: &str| proxy.seen().iter().filter(|seen| seen.method == method).count();
    let said = |method: &str| would.iter().filter(|line| line.starts_with(method)).count();
    assert_eq!((said("POST"), said("PUT")), (wrote("POST"), wrote("PUT")), "{would:#?} {:#?}", proxy.seen());
    let summary = std::fs::read_to_string(summary).unwrap();
    assert!(summary.contains("| `latest` |") && summary.contains("linux/amd64"), "{summary}");
    Ok(())
}

pub fn blobs_are_mounted_from_a_neighbour() -> Checked {
    let mut world = World::new();
    let layout = world.artefact(&Recipe::new(&world.head()));
    world.published(&layout, &[]);
    let neighbour = world.direct.name.clone();
    world.move_on();
    let image = world.image();
    let mut args = world.publish_args(&layout, &image, &["latest"]);
    args.extend(["--mount-from", &neighbour]);
    let ran = Ran::of(world.xtask(&args).output().unwrap()).expect(0, &[]);
    let answer: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(answer["uploaded_bytes"], 0, "{answer:#}");
    assert!(answer["mounted_bytes"].as_u64().unwrap() > 80_000);
    world.direct.assert_whole();
    Ok(())
}

pub fn a_damaged_layout_is_found_before_anything_is_sent() -> Checked {
    let world = World::new();
    let recipe = Recipe::new(&world.head());
    let layout = world.artefact(&recipe);
    let layer = evidence::Digest::of(&recipe.layers[1]);
    let mut bytes = recipe.layers[1].clone();
    bytes[5] ^= 1;
    std::fs::write(layout.path.join("blobs/sha256").join(layer.encoded()), bytes).unwrap();
    world.publish(&layout, &["latest"]).expect(1, &["damaged", layer.as_str()]);
    assert!(world.direct.tags().is_empty());
    Ok(())
}

/// Ten commits on main, told as GitHub tells them: some red, some cancelled, one of a fork's branch called main.
pub fn only_green_commits_of_main_are_published() -> Checked {
    let world = World::new();
    let stories = [
        ("success", "acme/app"),
        ("failure", "acme/app"),
        ("success", "acme/app"),
        ("cancelled", "acme/app"),
        ("success", "mallory/app"),
        ("failure", "acme/app"),
        ("success", "acme/app"),
        ("success", "acme/app"),
        ("timed_out", "acme/app"),
        ("success", "acme/app"),
    ];
    let mut expected = std::collections::BTreeSet::new();
    let mut last = None;
    for (number, (conclusion, head_repository)) in stories.iter().enumerate() {
        let sha = world.commit(&format!("commit {number}"));
        let layout = world.artefact(&Recipe::new(&sha));
        let event = serde_json::json!({
            "action": "completed",
            "repository": {"full_name": "acme/app", "default_branch": "main"},
            "workflow_run": {
                "event": "push", "status": "completed", "conclusion": conclusion, "name": "CI",
                "head_branch": "main", "head_sha": sha, "path": ".github/workflows/ci.yml",
                "repository": {"full_name": "acme/app"}, "head_repository": {"full_name": head_repository},
            },
        });
        let check =
            |name: &str| serde_json::json!({"name": name, "status": "completed", "conclusion": conclusion});
        let required = ["backend-quality", "frontend-quality", "image", "smoke-e2e", "policy"];
        let checks = serde_json::json!({"check_runs": required.map(check)});
        std::fs::write(world.home("event.json"), event.to_string()).unwrap();
        std::fs::write(world.home("checks.json"), checks.to_string()).unwrap();
        let image = world.image();
        let (event, checks) = (world.home("event.json"), world.home("checks.json"));
        let args = [
            "publish",
            "--json",
            "--image",
            &image,
            "--artefact",
            layout.path.to_str().unwrap(),
            "--event-path",
            event.to_str().unwrap(),
            "--checks",
            checks.to_str().unwrap(),
        ];
        let mut command = world.xtask(&args);
        command.envs([("GITHUB_EVENT_NAME", "workflow_run"), ("GITHUB_REPOSITORY", "acme/app")]);
        // Under workflow_run these are the default branch's tip and not the commit that was tested.
        command.envs([("GITHUB_REF", "refs/heads/main"), ("GITHUB_SHA", &"f".repeat(40))]);
        let ran = Ran::of(command.output().unwrap());
        if *conclusion == "success" && *head_repository == "acme/app" {
            ran.expect(0, &[]);
            expected.insert(layout.own.clone());
            last = Some(layout.digest);
        } else {
            ran.expect(3, &["the gate says no"]);
        }
    }
    let mut tags = world.direct.assert_whole();
    tags.retain(|tag| tag.starts_with("sha-"));
    assert_eq!(tags, expected, "every green commit and no other");
    assert_eq!(world.direct.digest("latest"), last);
    Ok(())
}
