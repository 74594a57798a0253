//! A repository with its own history, artefacts, evidence and place in the registry.

use crate::layout::{Layout, Recipe};
use crate::registry::{Direct, PASSWORD, USER, address};
use crate::support::{Fixture, Ran};
use evidence::{Claim, Digest, Evidence, Outcome};
use serde_json::Value;
use std::net::SocketAddr;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use time::OffsetDateTime;

pub struct World {
    pub fixture: Fixture,
    pub direct: Direct,
    home: tempfile::TempDir,
    /// Where xtask is told that the registry is.
    pub host: SocketAddr,
}

impl World {
    pub fn new() -> Self {
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        let name = format!("team/app-{}-{}", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed));
        Self {
            fixture: Fixture::new(),
            direct: Direct { name },
            home: tempfile::tempdir().unwrap(),
            host: address(),
        }
    }

    /// The same world, with the registry behind something.
    pub fn behind(host: SocketAddr) -> Self {
        Self { host, ..Self::new() }
    }

    /// A new place in the registry for the same repository and artefacts.
    pub fn move_on(&mut self) {
        self.direct = Self::fresh_name();
    }

    fn fresh_name() -> Direct {
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        Direct { name: format!("team/fresh-{}-{number}", std::process::id()) }
    }

    pub fn image(&self) -> String {
        format!("{}/{}", self.host, self.direct.name)
    }

    /// A new commit on the branch that is checked out.
    pub fn commit(&self, subject: &str) -> String {
        self.fixture.git(&["commit", "--quiet", "--allow-empty", "--message", subject]);
        self.head()
    }

    pub fn head(&self) -> String {
        self.fixture.git(&["rev-parse", "HEAD"])
    }

    /// An artefact that was smoke-tested, as its evidence says.
    pub fn artefact(&self, recipe: &Recipe) -> Layout {
        let layout = self.untested(recipe);
        self.smoke(&layout.digest, &recipe.commit, Outcome::Success);
        layout
    }

    pub fn untested(&self, recipe: &Recipe) -> Layout {
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        recipe.write(&self.fixture.path(format!("target/artefact-{number}")))
    }

    pub fn smoke(&self, digest: &Digest, commit: &str, outcome: Outcome) {
        let (digest, commit) = (Some(digest.clone()), commit.parse().unwrap());
        self.say(Claim::Smoke { commit, digest, outcome, engine: "docker".parse().unwrap() });
    }

    pub fn say(&self, claim: Claim) {
        let at = OffsetDateTime::from_unix_timestamp(1_767_323_100).unwrap();
        let document = Evidence::new("portbook".parse().unwrap(), at, claim);
        let dir = self.fixture.path("target/xtask/evidence");
        std::fs::create_dir_all(&dir).unwrap();
        let text = serde_json::to_string_pretty(&document).unwrap();
        std::fs::write(dir.join(format!("{}.json", document.sha256())), text).unwrap();
    }

    /// xtask in this world, as the registry's user, quick to ask again.
    pub fn xtask(&self, args: &[&str]) -> Command {
        let mut command = self.anonymous(args);
        command.env("PORTBOOK_REGISTRY_USER", USER).env("PORTBOOK_REGISTRY_PASSWORD", PASSWORD);
        command
    }

    /// The same as nobody.
    pub fn anonymous(&self, args: &[&str]) -> Command {
        let mut command = self.fixture.xtask(args);
        command
            .env("HOME", self.home.path())
            .env("PORTBOOK_REGISTRY_PAUSE_MS", "1")
            .env_remove("PORTBOOK_REGISTRY_USER")
            .env_remove("PORTBOOK_REGISTRY_PASSWORD")
            .env_remove("DOCKER_CONFIG");
        for key in ["GITHUB_EVENT_NAME", "GITHUB_EVENT_PATH", "GITHUB_REF", "GITHUB_SHA", "GITHUB_REPOSITORY"]
        {
            command.env_remove(key);
        }
        command
    }

    pub fn home(&self, name: &str) -> std::path::PathBuf {
        self.home.path().join(name)
    }

    /// `publish` of an artefact with these further arguments.
    pub fn publish_args<'a>(&'a self, layout: &'a Layout, image: &'a str, tags: &[&'a str]) -> Vec<&'a str> {
        let mut args =
            vec!["publish", "--json", "--artefact", layout.path.to_str().unwrap(), "--image", image];
        for tag in [layout.own.as_str()].iter().chain(tags) {
            args.extend(["--tag", tag]);
        }
        args
    }

    pub fn publish(&self, layout: &Layout, tags: &[&str]) -> Ran {
        let image = self.image();
        let ran = Ran::of(self.xtask(&self.publish_args(layout, &image, tags)).output().unwrap());
        assert!(!format!("{ran:?}").contains(PASSWORD), "a secret shows: {ran:#?}");
        ran
    }

    /// Publishes, which must go well; what `--json` printed.
    #[track_caller]
    pub fn published(&self, layout: &Layout, tags: &[&str]) -> Value {
        let ran = self.publish(layout, tags).expect(0, &[]);
        serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:#?}"))
    }
}

/// What `--json` says of one tag.
pub fn tag<'a>(answer: &'a Value, name: &str) -> &'a Value {
    let tags = answer["tags"].as_array().unwrap();
    tags.iter().find(|tag| tag["tag"] == name).unwrap_or_else(|| panic!("{name} is not in {answer:#}"))
}
