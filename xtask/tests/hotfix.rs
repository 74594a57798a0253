//! A hotfix: a patch of a release, made beside the branches that have moved on since.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[allow(dead_code, reason = "each test program uses a part of it")]
mod support;

use evidence::{CommitSha, Digest};
use serde_json::json;
use support::{Fixture, Ran};
use xtask::commands::deploy::is_hotfix;
use xtask::context::{Context, Env, Output, Stop};
use xtask::policy::Pipeline;
use xtask::policy::floating::{Candidate, Move, Named, Relation, may_move};

/// A release, work on the default branch after it, and a fix of the release on a branch of its own.
struct Story {
    fixture: Fixture,
    release: String,
    work: String,
    fix: String,
}

fn story() -> Story {
    let fixture = Fixture::new();
    let commit = |what: &str| {
        fixture.git(&["commit", "--quiet", "--allow-empty", "--message", what]);
        fixture.git(&["rev-parse", "HEAD"])
    };
    let release = commit("a release");
    fixture.git(&["tag", "v1.2.3"]);
    let work = commit("work");
    fixture.git(&["switch", "--quiet", "--create", "hotfix/cart", "v1.2.3"]);
    let fix = commit("the cart is full again");
    fixture.git(&["tag", "v1.2.4"]);
    Story { fixture, release, work, fix }
}

impl Story {
    /// A push of the fix, as GitHub tells it.
    fn push(&self, reference: &str, args: &[&str]) -> Ran {
        let payload = json!({
            "ref": reference, "after": self.fix,
            "repository": { "full_name": "o/r", "default_branch": "main" }
        });
        let file = self.fixture.path("event.json");
        std::fs::write(&file, payload.to_string()).unwrap();
        let mut command = self.fixture.xtask(args);
        command.envs([
            ("GITHUB_EVENT_NAME", "push"),
            ("GITHUB_REF", reference),
            ("GITHUB_REPOSITORY", "o/r"),
        ]);
        command.env("GITHUB_SHA", &self.fix).env("GITHUB_EVENT_PATH", file);
        Ran::of(command.output().unwrap())
    }

    /// Every required check of the fix, passed.
    fn green(&self) -> serde_json::Value {
        let jobs = Pipeline::read(&self.fixture.path("")).unwrap().jobs().unwrap();
        let check = |name: &String| {
            json!({
                "id": 1, "name": name, "head_sha": self.fix, "status": "completed", "conclusion": "success",
                "app": { "slug": "github-actions" }
            })
        };
        json!({ "check_runs": jobs.iter().map(|(name, _)| check(name)).collect::<Vec<_>>() })
    }

    fn is_hotfix(&self, commit: &str) -> bool {
        let ctx = Context {
            root: self.fixture.path(""),
            env: Env::default(),
            out: Output { terminal: false, colour: false, github: false, verbose: false },
            stop: Stop::default(),
        };
        let pipeline = Pipeline::read(&ctx.root).unwrap();
        is_hotfix(&ctx, &pipeline, &commit.parse().unwrap()).unwrap()
    }
}

#[test]
fn its_tag_is_published_and_its_branch_is_not() {
    let story = story();
    let gate = ["gate", "--checks", "checks.json"];
    std::fs::write(story.fixture.path("checks.json"), story.green().to_string()).unwrap();
    story.push("refs/tags/v1.2.4", &gate).expect(0, &["green"]);
    story.push("refs/heads/hotfix/cart", &gate).expect(3, &["unpublishable-ref"]);
    let tags = story.push("refs/tags/v1.2.4", &["tags"]).expect(0, &[]);
    let names: Vec<&str> = tags.stdout.lines().filter_map(|line| line.rsplit(':').next()).collect();
    let sha = format!("sha-{}", &story.fix[..7]);
    assert_eq!(names, ["v1.2.4", sha.as_str()], "and no floating one");
    assert!(!tags.stderr.contains("warning"), "{tags:#?}");
    story.push("refs/heads/hotfix/cart", &["tags"]).expect(0, &["no tags"]);
}

#[test]
fn a_number_that_is_not_the_next_is_said() {
    let story = story();
    story.fixture.git(&["tag", "v1.2.6"]);
    story.push("refs/tags/v1.2.6", &["tags"]).expect(0, &["warning: v1.2.6 leaves out v1.2.5"]);
}

#[test]
fn latest_stays_where_the_default_branch_is() {
    let story = story();
    let commit = |sha: &str| sha.parse::<CommitSha>().unwrap();
    let fix = commit(&story.fix);
    let candidate = Candidate { commit: &fix, version: Some("v1.2.4"), from_default_branch: false };
    for (sha, version) in [(&story.work, None), (&story.work, Some("v1.3.0"))] {
        let named = Named {
            digest: Digest::of(b"x"),
            commit: Some(commit(sha)),
            version: version.map(str::to_owned),
        };
        let (verdict, why) =
            may_move(&"latest".parse().unwrap(), &candidate, Some(&named), Relation::Diverged);
        assert_eq!(verdict, Move::Keep, "{why}");
    }
}

#[test]
fn a_release_beside_the_branches_is_deployed_as_a_hotfix() {
    let story = story();
    let git = |args: &[&str]| story.fixture.git(args);
    assert!(story.is_hotfix(&story.fix));
    assert!(!story.is_hotfix(&story.release), "it is on the default branch");
    assert!(!story.is_hotfix(&story.work), "it is no release");
    assert!(!story.is_hotfix(&"a".repeat(40)), "nothing is known of it");
    // A line of releases on a branch that is published is no hotfix, and neither is one that was merged back.
    git(&["branch", "release", "hotfix/cart"]);
    assert!(!story.is_hotfix(&story.fix));
    git(&["branch", "--delete", "--force", "release"]);
    git(&["switch", "--quiet", "main"]);
    git(&["merge", "--quiet", "--no-edit", "hotfix/cart"]);
    assert!(!story.is_hotfix(&story.fix));
}
