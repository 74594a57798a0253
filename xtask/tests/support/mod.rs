//! A small repository of its own for each test, and this crate's binary run in it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A git repository in a temporary folder with this repository's policy and compose files.
pub struct Fixture {
    dir: tempfile::TempDir,
}

/// The root of the repository that is being tested.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

impl Fixture {
    pub fn new() -> Self {
        let fixture = Self { dir: tempfile::tempdir().unwrap() };
        for file in ["pipeline.yml", ".gitignore", "docker-compose.dev.yml"] {
            std::fs::copy(repository().join(file), fixture.path(file)).unwrap();
        }
        std::fs::create_dir_all(fixture.path("docker")).unwrap();
        std::fs::create_dir_all(fixture.path("frontend")).unwrap();
        std::fs::create_dir_all(fixture.path("xtask")).unwrap();
        std::fs::write(fixture.path("frontend/package.json"), "{}").unwrap();
        for entry in std::fs::read_dir(repository().join("docker")).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name();
            if name.to_str().is_some_and(|name| name.starts_with("compose.")) {
                std::fs::copy(entry.path(), fixture.path("docker").join(name)).unwrap();
            }
        }
        std::fs::write(fixture.path("xtask/README.md"), "the pipeline\n").unwrap();
        fixture.git(&["init", "--quiet", "--initial-branch=main"]);
        fixture.git(&["add", "--all"]);
        fixture.git(&["commit", "--quiet", "--message", "start"]);
        fixture
    }

    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn git(&self, args: &[&str]) -> String {
        let output = Command::new("git")
            .args(["-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"])
            .args(args)
            .current_dir(self.dir.path())
            .env("GIT_AUTHOR_DATE", "2026-01-02T03:04:05Z")
            .env("GIT_COMMITTER_DATE", "2026-01-02T03:04:05Z")
            .output()
            .unwrap();
        assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// The binary in this repository, without what the developer's shell or CI says about modes.
    pub fn xtask(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command.args(args).current_dir(self.dir.path());
        for key in [
            "IMAGE_TAG",
            "IMAGE_REGISTRY",
            "IMAGE_REPO",
            "GITHUB_ACTIONS",
            "GITHUB_STEP_SUMMARY",
            "GITHUB_OUTPUT",
            "CI",
            "PORTBOOK_REQUIRE_ENGINE",
            "GITHUB_EVENT_NAME",
            "GITHUB_EVENT_PATH",
            "GITHUB_REF",
            "GITHUB_SHA",
            "GITHUB_REPOSITORY",
            "GITHUB_SERVER_URL",
            "GITHUB_API_URL",
            "GITHUB_TOKEN",
            "PORTBOOK_URL",
            "PORTBOOK_TOKEN",
            "PORTBOOK_TOKEN_FILE",
            "ACTIONS_ID_TOKEN_REQUEST_URL",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
        ] {
            command.env_remove(key);
        }
        command
    }

    pub fn run(&self, args: &[&str]) -> Ran {
        Ran::of(self.xtask(args).output().unwrap())
    }
}

/// What a call came to.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    pub fn of(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Asserts the exit code, and that stderr says each of these.
    #[track_caller]
    pub fn expect(self, code: i32, says: &[&str]) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        for text in says {
            assert!(self.stderr.contains(text), "stderr does not say {text:?}: {self:#?}");
        }
        self
    }
}
