//! An artefact of several platforms: what is built, what is missing, what is booted.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use expect_test::expect;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use support::{Fixture, Ran};

/// A PATH with a `docker` of our own first: a new engine that beyond that knows these cases.
fn with_docker(fixture: &Fixture, cases: &str) -> String {
    let bin = fixture.path("target/bin");
    std::fs::create_dir_all(&bin).unwrap();
    let info =
        r#"{"ServerVersion":"28.5.2","DriverStatus":[["driver-type","io.containerd.snapshotter.v1"]]}"#;
    let script = format!(
        "#!/bin/sh\ncase \"$*\" in\ninfo*) echo '{info}' ;;\n'buildx version') echo 0.29.1 ;;\n{cases}\n*) exit 1 ;;\nesac\n"
    );
    std::fs::write(bin.join("docker"), script).unwrap();
    std::fs::set_permissions(bin.join("docker"), std::fs::Permissions::from_mode(0o755)).unwrap();
    format!("{}:{}", bin.display(), std::env::var("PATH").unwrap())
}

#[test]
fn the_plan_of_an_artefact_of_several_platforms() {
    let fixture = Fixture::new();
    let commit = fixture.git(&["rev-parse", "HEAD"]);
    let plan = |args: &[&str]| {
        let plan = fixture.run(args).expect(0, &[]).stdout;
        plan.replace(&commit, "COMMIT")
            .replace(&commit[..7], "SHORT")
            .replace(env!("CARGO_PKG_VERSION"), "VERSION")
    };
    let all =
        plan(&["build-image", "--platform", "all", "--output", "target/artefact", "--no-cache", "--dry-run"]);
    expect![[r#"
        # image
        rm -rf -- target/artefact
        SOURCE_DATE_EPOCH=1767323045 docker buildx build --file docker/Dockerfile --target production --tag portbook:sha-SHORT --provenance=false --sbom=false --progress=plain --build-arg COMMIT=COMMIT --build-arg VERSION=VERSION --build-arg CREATED=2026-01-02T03:04:05Z --build-arg SOURCE_URL=https://github.com/portbook/portbook --output type=oci,dest=target/artefact,tar=false,rewrite-timestamp=true --platform linux/amd64,linux/arm64,linux/arm/v7 --no-cache .
    "#]].assert_eq(&all);
    let two = plan(&["build-image", "--platform", "linux/arm64/v8,linux/amd64", "--dry-run"]);
    assert!(two.contains("--platform linux/amd64,linux/arm64 ."), "{two}");
    assert!(!plan(&["build-image", "--dry-run"]).contains("--platform"));
}

#[test]
fn without_what_compiles_for_other_platforms_it_says_how_to_get_it() {
    let fixture = Fixture::new();
    // An engine whose base image is a stand-in, and that has no other one.
    let docker = r#"
        'image inspect'*stand-in*' rust:1.95-bookworm') echo true ;;
        "#;
    let path = with_docker(&fixture, docker);
    let run = |args: &[&str]| {
        let none = fixture.path("target");
        Ran::of(fixture.xtask(args).env("PATH", &path).env("PORTBOOK_ENGINE_BIN", none).output().unwrap())
    };
    run(&["build-image", "--platform", "all", "--output", "target/artefact"])
        .expect(4, &["not in the engine's store", "cargo xtask doctor --fix --only cross"]);
    let found = run(&["doctor", "--only", "cross"]).expect(4, &[]).stdout;
    assert!(found.contains("docker/airgap/base-images.sh --cross"), "{found}");
    let default: serde_json::Value = serde_json::from_str(&run(&["doctor", "--json"]).stdout).unwrap();
    let names: Vec<&str> = default["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|finding| finding["name"].as_str())
        .collect();
    assert!(names.contains(&"base-images"), "{names:?}");
    assert!(!names.contains(&"cross") && !names.contains(&"emulation"), "{names:?}");
}

/// Writes an index with an image per architecture, and answers with what `docker load` must get for each.
fn write_artefact(dir: &Path, architectures: &[&str]) -> Vec<(String, Vec<String>)> {
    use serde_json::json;
    let blobs = dir.join("blobs/sha256");
    std::fs::create_dir_all(&blobs).unwrap();
    let put = |bytes: &[u8]| {
        let digest = evidence::Digest::of(bytes);
        std::fs::write(blobs.join(digest.encoded()), bytes).unwrap();
        (json!({"digest": digest, "size": bytes.len()}), format!("blobs/sha256/{}", digest.encoded()))
    };
    let (mut manifests, mut files) = (Vec::new(), Vec::new());
    for architecture in architectures {
        let platform = json!({"os": "linux", "architecture": architecture});
        let config = json!({"os": "linux", "architecture": architecture, "config": {}}).to_string();
        let (config, config_file) = put(config.as_bytes());
        let (layer, layer_file) = put(architecture.as_bytes());
        let manifest = json!({"config": config, "layers": [layer]}).to_string();
        let (mut entry, manifest_file) = put(manifest.as_bytes());
        entry["platform"] = platform;
        manifests.push(entry);
        let all = ["oci-layout", "index.json", "manifest.json"].map(str::to_owned);
        let mut files_of_image: Vec<String> =
            all.into_iter().chain([config_file, layer_file, manifest_file]).collect();
        files_of_image.sort();
        files.push(((*architecture).to_owned(), files_of_image));
    }
    let (index, _) = put(json!({ "manifests": manifests }).to_string().as_bytes());
    std::fs::write(dir.join("index.json"), json!({ "manifests": [index] }).to_string()).unwrap();
    std::fs::write(dir.join("oci-layout"), "{}").unwrap();
    files
}

#[test]
fn of_an_artefact_each_image_that_this_machine_runs_is_loaded_and_the_others_are_named() {
    let fixture = Fixture::new();
    let docker = r#"
        'load --input '*) tar -tf "$3" | sort ;;
        "#;
    let path = with_docker(&fixture, docker);
    let smoke = |artefact: &str| {
        let none = fixture.path("target");
        let args = ["smoke", "--artefact", artefact, "--dry-run"];
        Ran::of(fixture.xtask(&args).env("PATH", &path).env("PORTBOOK_ENGINE_BIN", none).output().unwrap())
    };
    let files = write_artefact(&fixture.path("target/artefact"), &["amd64", "arm64", "s390x"]);
    let plan = smoke("target/artefact").expect(0, &[]).stdout;
    let boot = plan.lines().last().unwrap();
    let mut loaded = 0;
    for (line, (architecture, files)) in files.iter().filter_map(|(name, files)| {
        let layer = evidence::Digest::of(name.as_bytes());
        let line = plan.lines().find(|line| line.contains("docker load") && line.contains(layer.encoded()));
        Some((line?, (name, files)))
    }) {
        assert!(boot.contains(&format!("--platform linux/{architecture}")), "{boot}");
        let output = Command::new("sh")
            .args(["-c", line])
            .env("PATH", &path)
            .current_dir(fixture.path("."))
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        assert_eq!(String::from_utf8(output.stdout).unwrap().lines().collect::<Vec<_>>(), *files);
        loaded += 1;
    }
    assert!(loaded > 0, "{plan}");
    assert_eq!(boot.matches("--not-here").count(), files.len() - loaded, "{boot}");

    write_artefact(&fixture.path("target/foreign"), &["mips64le"]);
    smoke("target/foreign").expect(4, &["linux/mips64le", "cargo xtask doctor --fix --only emulation"]);
}
