//! A repository with a spool, and a ledger beside it.

use crate::server::Server;
use crate::support::{Fixture, Ran};
use evidence::{Claim, CommitSha, Evidence, Outcome};
use std::process::Command;
use time::OffsetDateTime;

/// Shown to the ledger, and never anywhere else.
pub const TOKEN: &str = "pb_0123456789abcdef_t0psecret";

pub struct World {
    pub fixture: Fixture,
    pub server: Server,
}

impl World {
    /// With this many documents that nobody has sent.
    pub fn with(documents: usize) -> Self {
        let world = Self { fixture: Fixture::new(), server: Server::start() };
        (0..documents).for_each(|number| drop(world.spool(number, "docker")));
        world
    }

    /// Puts a document into the spool, a minute after the one with the number before.
    pub fn spool(&self, number: usize, engine: &str) -> Evidence {
        let engine = engine.parse().unwrap();
        self.say(
            number,
            Claim::Smoke { commit: self.head(), digest: None, outcome: Outcome::Success, engine },
        )
    }

    pub fn head(&self) -> CommitSha {
        self.fixture.git(&["rev-parse", "HEAD"]).parse().unwrap()
    }

    /// Puts a document into the spool.
    pub fn say(&self, number: usize, claim: Claim) -> Evidence {
        let at = OffsetDateTime::from_unix_timestamp(1_767_400_000 + 60 * number as i64).unwrap();
        let document = Evidence::new("portbook".parse().unwrap(), at, claim);
        self.write(&format!("{}.json", document.sha256()), &serde_json::to_string(&document).unwrap());
        document
    }

    pub fn write(&self, name: &str, text: &str) {
        let folder = self.fixture.path("target/xtask/evidence");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(name), text).unwrap();
    }

    /// A call that knows the ledger and how to be let in, and that is impatient.
    pub fn xtask(&self, args: &[&str]) -> Command {
        let mut command = self.fixture.xtask(args);
        command
            .env("PORTBOOK_URL", self.server.url())
            .env("PORTBOOK_TOKEN", TOKEN)
            .env("PORTBOOK_LEDGER_PAUSE_MS", "1");
        command
    }

    pub fn run(&self, args: &[&str]) -> Ran {
        let ran = Ran::of(self.xtask(args).output().unwrap());
        self.nothing_leaks(&ran);
        ran
    }

    pub fn push(&self) -> Ran {
        self.run(&["evidence", "push"])
    }

    /// No secret is in any output, nor in anything that was written.
    pub fn nothing_leaks(&self, ran: &Ran) {
        assert!(!ran.stdout.contains("t0psecret") && !ran.stderr.contains("t0psecret"), "{ran:#?}");
        let found = Command::new("grep")
            .args(["-rl", "t0psecret"])
            .current_dir(self.fixture.path("target"))
            .output()
            .unwrap();
        assert_eq!(String::from_utf8_lossy(&found.stdout), "", "a secret was written down");
    }

    /// How many documents of the spool the ledger is not known to have.
    pub fn unsent(&self) -> usize {
        let ran = self.run(&["evidence", "list", "--unsent", "--json"]).expect(0, &[]);
        let list: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
        list["evidence"].as_array().unwrap().len()
    }

    /// Forgets what was sent.
    pub fn forget(&self) {
        std::fs::remove_dir_all(self.fixture.path("target/xtask/evidence/sent")).unwrap();
    }
}

/// An answer as the ledger words its refusals.
pub fn problem(name: &str, title: &str, detail: &str) -> String {
    serde_json::json!({ "type": format!("urn:portbook:problem:{name}"), "title": title, "detail": detail })
        .to_string()
}
