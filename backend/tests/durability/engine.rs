//! Postgres in a container of its own, which can be killed.

use crate::support::{eventually, remove_at_exit};
use sqlx::{Connection as _, PgConnection};
use std::net::{SocketAddr, TcpListener};
use std::process::{Command, Output};

/// A Postgres server; removed when dropped.
pub struct Postgres {
    container: String,
    port: u16,
}

/// Docker as xtask itself finds it.
fn docker(args: &[&str]) -> Output {
    let path = std::env::var("PATH").unwrap_or_default();
    let mut command = Command::new("docker");
    command.env("PATH", format!("/opt/portbook-engine/bin:{path}")).args(args);
    command.output().unwrap_or_else(|error| panic!("docker {args:?}: {error}"))
}

fn must(args: &[&str]) -> String {
    let output = docker(args);
    assert!(output.status.success(), "docker {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Why there is no engine with Postgres, unless it is required.
pub fn lack() -> Option<String> {
    if std::env::var("PORTBOOK_REQUIRE_ENGINE").is_ok_and(|value| value == "1") {
        return None;
    }
    let path = std::env::var("PATH").unwrap_or_default();
    let works = |args: [&str; 3]| {
        let mut command = Command::new("docker");
        command.env("PATH", format!("/opt/portbook-engine/bin:{path}")).args(args);
        command.output().is_ok_and(|output| output.status.success())
    };
    let there = works(["image", "inspect", "postgres:17"]) || works(["pull", "--quiet", "postgres:17"]);
    (!there).then(|| "no engine with the image postgres:17; cargo xtask doctor --fix".to_owned())
}

impl Postgres {
    /// Starts one, and waits until it answers.
    pub async fn start(options: &[&str]) -> Self {
        // The same port after it was killed, so it cannot be left to the engine.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let publish = format!("127.0.0.1:{port}:5432");
        // As in docker/compose.core.yml.
        let locale = "POSTGRES_INITDB_ARGS=--locale-provider=builtin --locale=C.UTF-8";
        let fixed =
            ["run", "--detach", "--env", "POSTGRES_PASSWORD=test", "--env", locale, "--publish", &publish];
        let container = must(&[&fixed, options, &["postgres:17"]].concat());
        remove_at_exit(&container);
        let postgres = Self { container, port };
        postgres.answers().await;
        postgres
    }

    pub fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    pub fn url(&self) -> String {
        self.url_at(self.address())
    }

    /// The URL by way of an address in front of the server's.
    pub fn url_at(&self, address: SocketAddr) -> String {
        format!("postgres://postgres:test@{address}/postgres")
    }

    async fn answers(&self) {
        eventually("Postgres answers", || async { PgConnection::connect(&self.url()).await.is_ok() }).await;
    }

    /// `kill -9` of all its processes at once.
    pub fn kill(&self) {
        must(&["kill", "--signal", "KILL", &self.container]);
        must(&["wait", &self.container]);
    }

    /// Starts it again on the same files, and waits until it has recovered.
    pub async fn restart(&self) {
        must(&["start", &self.container]);
        self.answers().await;
    }

    /// Stops all its processes where they are: connections stay, and nobody answers.
    pub fn pause(&self) {
        must(&["pause", &self.container]);
    }

    pub fn unpause(&self) {
        must(&["unpause", &self.container]);
    }

    /// Runs a script in its container.
    pub fn shell(&self, script: &str) -> String {
        must(&["exec", &self.container, "sh", "-c", script])
    }

    /// Runs SQL as its superuser.
    pub async fn execute(&self, sql: &str) {
        let mut connection = PgConnection::connect(&self.url()).await.unwrap();
        let done = sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned())).execute(&mut connection).await;
        done.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        docker(&["rm", "--force", "--volumes", &self.container]);
    }
}
