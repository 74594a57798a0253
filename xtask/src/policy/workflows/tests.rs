//! Each rule on a file that breaks it, beside one that does not.

use super::*;

const SHA: &str = "0123456789abcdef0123456789abcdef01234567";

const CI: &str = "name: CI
on:
  push:
  pull_request:
permissions: {}
concurrency:
  group: ci-${{ github.ref }}
  cancel-in-progress: true
jobs:
  check:
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    permissions:
      contents: read
    steps:
      - uses: actions/checkout@SHA # v7.0.1
        with:
          persist-credentials: false
      - uses: ./.github/actions/own
      - run: cargo xtask ci check
      - uses: actions/upload-artifact@SHA # v7.0.0
        with:
          name: artefact
          path: target
";

const PUBLISH: &str = "name: Publish
on:
  workflow_run:
    workflows: [CI]
    types: [completed]
permissions: {}
concurrency:
  group: publish-${{ github.event.workflow_run.id }}
  cancel-in-progress: false
jobs:
  publish:
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    permissions:
      contents: read
      packages: write
    steps:
      - uses: actions/download-artifact@SHA # v8.0.1
        with:
          name: artefact
      - run: cargo xtask publish
";

const ACTION: &str = "name: own
runs:
  using: composite
  steps:
    - shell: bash
      run: ./provide.sh
";

const COMPOSE: &str = "services:
  app:
    image: ${IMAGE_REGISTRY:-ghcr.io}/${IMAGE_REPO:-portbook/portbook}:${IMAGE_TAG}
  db:
    image: postgres:17.2
";

fn files() -> Files {
    let file = |path: &str, text: &str| File { path: path.to_owned(), text: text.replace("SHA", SHA) };
    Files {
        workflows: vec![file(".github/workflows/ci.yml", CI), file(".github/workflows/publish.yml", PUBLISH)],
        actions: vec![file(".github/actions/own/action.yml", ACTION)],
        compose: vec![file("docker/compose.prod.yml", COMPOSE)],
    }
}

fn judge(files: &Files) -> Vec<Finding> {
    let fault = |words: &[&str]| match words {
        ["ci", "check" | "chekc"] | ["publish" | "promote" | "deploy"] => None,
        _ => Some(format!("unknown: {}", words.join(" "))),
    };
    check(files, &World { jobs: &["check".to_owned()], registry: "ghcr.io", fault: &fault })
}

/// The findings after `old` has become `new` in a file, as `rule line` each; `old` must be there.
#[track_caller]
fn with(path: &str, old: &str, new: &str) -> Vec<String> {
    let mut files = files();
    let all = files.workflows.iter_mut().chain(&mut files.actions).chain(&mut files.compose);
    let file = all.into_iter().find(|file| file.path.ends_with(path)).unwrap();
    let (old, new) = (old.replace("SHA", SHA), new.replace("SHA", SHA));
    assert!(file.text.contains(&old), "{path} has no {old:?}");
    file.text = file.text.replace(&old, &new);
    let found = judge(&files);
    for finding in &found {
        assert!(
            !finding.what.is_empty() && !finding.expected.is_empty() && !finding.mend.is_empty(),
            "{finding:?}"
        );
    }
    found.iter().map(|finding| format!("{} {}", finding.rule, finding.line)).collect()
}

#[test]
fn files_that_keep_every_rule_have_no_findings() {
    assert_eq!(judge(&files()), []);
}

#[test]
fn what_is_no_yaml_is_named_with_its_line() {
    assert!(with("ci.yml", "  push:\n", "  push: [\n").iter().any(|found| found.starts_with("yaml ")));
}

#[test]
fn actions_are_pinned_and_say_their_version() {
    assert_eq!(with("ci.yml", "checkout@SHA # v7.0.1", "checkout@v7"), ["pin 16"]);
    assert_eq!(with("ci.yml", "checkout@SHA # v7.0.1", "checkout@SHA"), ["pin 16"]);
    assert_eq!(with("ci.yml", "checkout@SHA # v7.0.1", "checkout@SHA # the newest"), ["pin 16"]);
    assert_eq!(with("ci.yml", "checkout@SHA # v7.0.1", "checkout@0123abc # v7.0.1"), ["pin 16"]);
    let image = "docker://ghcr.io/a/b";
    assert_eq!(
        with(
            "ci.yml",
            "./.github/actions/own\n",
            &format!("./.github/actions/own\n      - uses: {image}:1\n")
        ),
        ["pin 20"]
    );
    assert_eq!(
        with("action.yml", "    - shell: bash\n      run: ./provide.sh", "    - uses: a/b@main"),
        ["pin 5"]
    );
}

#[test]
fn scripts_are_one_call_that_the_program_knows() {
    assert_eq!(with("ci.yml", "cargo xtask ci check", "cargo xtask frobnicate").len(), 2);
    assert_eq!(with("publish.yml", "cargo xtask publish", "cargo xtask publish --no-such-flag"), ["call 21"]);
    for script in
        ["npm test", "cargo xtask ci check && echo done", "cargo xtask ci $X", "cargo xtask ci check > x"]
    {
        let found = with(
            "ci.yml",
            "- run: cargo xtask ci check",
            &format!("- run: {script}\n      - run: cargo xtask ci check"),
        );
        assert_eq!(found, ["call 20"], "{script}");
    }
    let found = with(
        "ci.yml",
        "- run: cargo xtask ci check",
        "- run: cargo xtask ci chekc\n      - run: cargo xtask ci check",
    );
    assert_eq!(found, ["call 20"]);
}

#[test]
fn expressions_stay_out_of_scripts_of_workflows_and_actions() {
    let found = with("action.yml", "./provide.sh", "./provide.sh ${{ github.head_ref }}");
    assert_eq!(found, ["expression 6"]);
    assert!(
        with("publish.yml", "xtask publish", "xtask publish ${{ inputs.tag }}")
            .contains(&"expression 21".to_owned())
    );
}

#[test]
fn rights_are_listed_and_no_wider_than_the_calls() {
    assert_eq!(with("ci.yml", "permissions: {}\n", ""), ["permissions 1"]);
    assert_eq!(with("ci.yml", "permissions: {}", "permissions: write-all"), ["permissions 5"]);
    assert_eq!(with("ci.yml", "permissions: {}", "permissions: read-all"), ["permissions 5"]);
    assert_eq!(with("ci.yml", "permissions: {}", "permissions:\n  packages: write"), ["permissions 5"]);
    assert_eq!(with("ci.yml", "    permissions:\n      contents: read\n", ""), ["permissions 10"]);
    assert_eq!(with("ci.yml", "contents: read", "contents: write"), ["permissions 14"]);
    assert_eq!(with("ci.yml", "contents: read", "packages: write"), ["permissions 14"]);
    assert_eq!(with("ci.yml", "contents: read", "id-token: write"), ["permissions 14"]);
    // Who publishes tells the ledger.
    assert_eq!(with("publish.yml", "contents: read", "id-token: write"), Vec::<String>::new());
}

#[test]
fn runs_do_not_pile_up_and_publishing_is_not_stopped() {
    let group = "concurrency:\n  group: ci-${{ github.ref }}\n  cancel-in-progress: true\n";
    assert_eq!(with("ci.yml", group, ""), ["concurrency 1"]);
    assert_eq!(with("publish.yml", "cancel-in-progress: false", "cancel-in-progress: true"), ["cancel 9"]);
    assert_eq!(
        with("publish.yml", "cancel-in-progress: false", "cancel-in-progress: ${{ true }}"),
        ["cancel 9"]
    );
    assert_eq!(with("publish.yml", "publish-${{ github.event.workflow_run.id }}", "publish"), ["cancel 8"]);
    assert_eq!(with("ci.yml", "    timeout-minutes: 5\n", ""), ["timeout 10"]);
    assert_eq!(with("ci.yml", "persist-credentials: false", "fetch-depth: 0"), ["token 16"]);
}

const DEPLOY: &str = "name: Deploy
on:
  workflow_call:
    inputs:
      environment:
        type: string
permissions: {}
concurrency:
  group: environment-${{ inputs.environment }}
  cancel-in-progress: false
jobs:
  deploy:
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    permissions:
      contents: read
      id-token: write
      packages: read
    steps:
      - run: cargo xtask deploy
";

/// `files()` with a workflow that deploys, and a job of publish.yml that calls it.
fn deploying(old: &str, new: &str) -> Vec<String> {
    let mut files = files();
    files.workflows[1].text += "  dev:
    needs: publish
    permissions:
      contents: read
      id-token: write
      packages: read
    uses: ./.github/workflows/deploy.yml
";
    files.workflows.push(File { path: ".github/workflows/deploy.yml".to_owned(), text: DEPLOY.to_owned() });
    let found = files.workflows.iter_mut().filter(|file| file.text.contains(old)).map(|file| {
        file.text = file.text.replace(old, new);
    });
    assert!(found.count() > 0, "nothing has {old:?}");
    judge(&files).iter().map(|finding| format!("{} {}", finding.rule, finding.line)).collect()
}

#[test]
fn what_deploys_cannot_write_packages_also_where_it_is_called() {
    assert_eq!(deploying("packages: read", "packages: read"), Vec::<String>::new());
    assert_eq!(deploying("packages: read", "packages: write"), ["permissions 18", "permissions 27"]);
    let both = "- run: cargo xtask publish\n      - run: cargo xtask promote";
    let found = with("publish.yml", "- run: cargo xtask publish", both);
    assert_eq!(found, ["turns 8", "permissions 16"]);
    // Nothing that is called needs another right.
    assert_eq!(deploying("id-token: write", "checks: write"), ["permissions 17", "permissions 26"]);
}

#[test]
fn what_deploys_is_not_stopped_and_takes_its_turn() {
    let never = "cancel-in-progress: false";
    assert_eq!(deploying(never, "cancel-in-progress: true"), ["cancel 10", "cancel 9", "cancel 9"]);
    assert_eq!(deploying("environment-${{ inputs.environment }}", "deploy"), ["turns 9"]);
    assert_eq!(deploying("environment-${{ inputs.environment }}", "x-${{ github.run_id }}"), ["turns 9"]);
}

#[test]
fn a_run_that_followed_another_names_that_ones_commit() {
    let step = "- run: cargo xtask publish";
    for wrong in ["${{ github.sha }}", "${{ github.ref_name }}", "$GITHUB_REF"] {
        let found = with("publish.yml", step, &format!("{step}\n        env:\n          X: {wrong}"));
        assert_eq!(found, ["head-sha 23"], "{wrong}");
    }
    let fine = with(
        "publish.yml",
        step,
        &format!("{step} # never github.sha\n        env:\n          X: ${{{{ github.head_ref }}}}"),
    );
    assert!(fine.is_empty(), "{fine:?}");
}

#[test]
fn image_names_are_lower_case() {
    let step = "- run: cargo xtask publish";
    for name in ["ghcr.io/Portbook/Portbook:v1", "ghcr.io/${{ github.repository }}:v1"] {
        let found = with("publish.yml", step, &format!("{step}\n        env:\n          IMAGE: {name}"));
        assert_eq!(found, ["image-case 23"], "{name}");
    }
    let cache = format!("{step}\n        env:\n          CACHE: type=registry,ref=ghcr.io/Own/x:cache");
    assert_eq!(with("publish.yml", step, &cache), ["image-case 23"]);
    assert_eq!(with("prod.yml", "portbook/portbook", "Portbook/portbook"), ["image-case 3"]);
    assert_eq!(with("prod.yml", "postgres:17.2", "postgres:17.2-Bookworm"), Vec::<String>::new());
}

#[test]
fn nothing_in_production_follows_a_name_that_moves() {
    for moving in ["postgres:latest", "postgres", "postgres:${TAG:-latest}", "reg.example:5000/postgres"] {
        assert_eq!(with("prod.yml", "postgres:17.2", moving), ["floating 5"], "{moving}");
    }
    let digest = format!("postgres@sha256:{}", "0".repeat(64));
    assert!(with("prod.yml", "postgres:17.2", &digest).is_empty());
    assert_eq!(with("ci.yml", "ubuntu-24.04", "ubuntu-latest"), ["floating 11"]);
    let container = "runs-on: ubuntu-24.04\n    container: node";
    assert_eq!(with("ci.yml", "runs-on: ubuntu-24.04", container), ["floating 12"]);
    let service = "runs-on: ubuntu-24.04\n    services:\n      db:\n        image: postgres:latest";
    assert_eq!(with("ci.yml", "runs-on: ubuntu-24.04", service), ["floating 14"]);
    let mut files = files();
    files.compose[0].path = "docker-compose.dev.yml".to_owned();
    files.compose[0].text = COMPOSE.replace("17.2", "latest");
    assert_eq!(judge(&files), [], "developers may follow what moves");
}

#[test]
fn nothing_is_left_over_and_nothing_is_missing() {
    // The action is used no more, and what is used is not there.
    assert_eq!(with("ci.yml", "actions/own", "actions/other"), ["orphan 1", "orphan 19"]);
    let called = "on:\n  workflow_run:\n    workflows: [CI]\n    types: [completed]\n";
    assert_eq!(with("publish.yml", called, "on: workflow_call\n"), ["orphan 2"]);
    assert_eq!(with("publish.yml", "[CI]", "[Ci]"), ["orphan 4"]);
    assert_eq!(with("ci.yml", "  check:\n", "  other:\n"), ["orphan 1"]);
    assert_eq!(with("ci.yml", "  pull_request:\n", ""), ["orphan 1"]);
    assert_eq!(with("ci.yml", "name: artefact", "name: other"), ["orphan 21", "orphan 18"]);
    let kept = "name: other\n          retention-days: 3";
    assert_eq!(with("ci.yml", "name: artefact", kept), ["orphan 18"]);
    assert!(with("ci.yml", "name: artefact", "name: art${{ matrix.x }}").is_empty());
}

#[test]
fn a_required_check_cannot_be_skipped_or_renamed() {
    let job = "  check:\n";
    assert_eq!(with("ci.yml", job, "  check:\n    if: github.actor != 'x'\n"), ["skippable 11"]);
    assert_eq!(with("ci.yml", job, "  check:\n    needs: [other]\n"), ["skippable 11"]);
    assert!(with("ci.yml", job, "  check:\n    needs: [other]\n    if: ${{ !cancelled() }}\n").is_empty());
    assert_eq!(with("ci.yml", job, "  check:\n    continue-on-error: true\n"), ["skippable 11"]);
    assert_eq!(with("ci.yml", job, "  check:\n    name: Check it\n"), ["skippable 11"]);
    assert_eq!(with("ci.yml", job, "  check:\n    strategy: {}\n"), ["skippable 11"]);
}

#[test]
fn a_required_check_is_always_begun() {
    let push = "  push:\n";
    assert_eq!(with("ci.yml", push, "  push:\n    paths-ignore: [docs/**]\n"), ["skippable 4"]);
    assert_eq!(
        with("ci.yml", "  pull_request:\n", "  pull_request:\n    paths: [src/**]\n"),
        ["skippable 5"]
    );
    assert!(with("ci.yml", push, "  push:\n    branches: ['**']\n").is_empty());
}

#[test]
fn whatever_the_files_hold_the_check_ends() {
    let sound = files();
    for text in [
        "",
        "\n",
        "---",
        "a",
        "[]",
        "jobs: []",
        "on: 5\njobs: {a: 1, b: {steps: {x: 1}}}",
        "\u{a0}a: b\n\u{a0}\u{a0}- é",
    ] {
        let mut files = files();
        files.workflows[0].text = text.to_owned();
        files.compose[0].text = text.to_owned();
        files.actions[0].text = text.to_owned();
        assert!(!judge(&files).is_empty(), "{text:?} is no workflow");
    }
    for (at, file) in sound.workflows.iter().enumerate() {
        for gone in 0..file.text.lines().count() {
            let kept = file.text.lines().enumerate().filter(|(line, _)| *line != gone).map(|(_, line)| line);
            let mut files = sound.clone();
            files.workflows[at].text = kept.collect::<Vec<_>>().join("\n");
            for finding in judge(&files) {
                assert!(finding.line >= 1, "{finding:?}");
            }
        }
    }
}

#[test]
fn the_matrix_says_which_event_starts_which_jobs() {
    let jobs = [("check".to_owned(), vec!["src/".to_owned()])];
    let matrix =
        matrix(&files().workflows, &jobs, vec!["type=raw,value=a|b,on=default refs/tags/**".to_owned()])
            .unwrap();
    let text = matrix.markdown();
    assert!(
        text.contains("| `workflow_run` | `workflows: CI; types: completed` | `publish.yml` | publish |"),
        "{text}"
    );
    assert!(text.contains("| `ci.yml` | check | yes |  | `cargo xtask ci check` |  |"), "{text}");
    assert!(text.contains("| `publish.yml` | publish |  |  | `cargo xtask publish` | packages |"), "{text}");
    assert!(
        text.contains("| check | `src/` |")
            && text.contains("| `default` `refs/tags/**` | `type=raw,value=a\\|b` |"),
        "{text}"
    );
}
