//! Databases for one measurement each, all on one disk or in one server, and servers on them.

use crate::engine::Postgres;
use crate::support::client::Client;
use crate::support::{WEBHOOK_SECRET, eventually};
use portbook::config::{DatabaseConfig, Reader};
use portbook::store::Store;
use std::ffi::OsString;
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// How long a network that is there takes at most.
const REACHED: Duration = Duration::from_millis(500);

/// Where databases are made.
pub enum Ground {
    /// In the target folder: what is in `/tmp` may be in memory.
    Sqlite(TempDir),
    Postgres(Postgres),
}

impl Ground {
    pub fn sqlite() -> Self {
        Self::Sqlite(tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap())
    }

    pub async fn postgres() -> Self {
        Self::Postgres(Postgres::start(&["--shm-size", "256m"]).await)
    }

    pub fn name(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "SQLite",
            Self::Postgres(_) => "Postgres",
        }
    }

    /// The address of a database.
    pub fn url(&self, name: &str) -> String {
        match self {
            Self::Sqlite(folder) => format!("sqlite://{}", folder.path().join(name).display()),
            Self::Postgres(postgres) => {
                let url = postgres.url_at(nearest(postgres));
                let (server, _) = url.rsplit_once('/').unwrap();
                format!("{server}/{name}")
            }
        }
    }

    /// Makes a migrated database; answers its address.
    pub async fn database(&self, name: &str) -> String {
        if let Self::Postgres(postgres) = self {
            postgres.execute(&format!("CREATE DATABASE {name}")).await;
        }
        let url = self.url(name);
        let store = store(&url);
        store.migrate().await.unwrap();
        store.close().await;
        url
    }
}

/// The server's address in the engine's own network, where this machine reaches that: as the containers of a Compose project
/// reach each other, without the program that publishes ports.
fn nearest(postgres: &Postgres) -> SocketAddr {
    let inside = postgres.shell("hostname -i").parse().map(|ip: IpAddr| SocketAddr::new(ip, 5432));
    let reached = inside.ok().filter(|inside| TcpStream::connect_timeout(inside, REACHED).is_ok());
    reached.unwrap_or_else(|| postgres.address())
}

pub fn store(url: &str) -> Store {
    let environment = |name: &str| (name == "DATABASE_URL").then(|| OsString::from(url));
    Store::new(&DatabaseConfig::read(&Reader::new(&environment)))
}

/// A server or worker process with its usual log, which goes to a file; killed when dropped.
pub struct Program {
    child: Child,
    pub address: SocketAddr,
    _folder: TempDir,
}

impl Program {
    pub async fn server(url: &str) -> Self {
        let program = Self::start("server", url);
        eventually("the server answers", || async {
            Client::new(program.address)
                .send("GET", "/readyz", "", b"")
                .is_ok_and(|reply| reply.status == 200)
        })
        .await;
        program
    }

    pub fn worker(url: &str) -> Self {
        Self::start("worker", url)
    }

    fn start(entry: &str, url: &str) -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let secret: PathBuf = folder.path().join("secret");
        std::fs::write(&secret, WEBHOOK_SECRET).unwrap();
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_portbook"))
            .arg(entry)
            .env_clear()
            .env("DATABASE_URL", url)
            .env("PORTBOOK_LISTEN", address.to_string())
            .env("PORTBOOK_WORKER_INTERVAL_MS", "10")
            .env("PORTBOOK_GITHUB_WEBHOOK_SECRET_FILE", secret)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        Self { child, address, _folder: folder }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
