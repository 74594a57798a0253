//! Databases in a Postgres server: the one that `PORTBOOK_TEST_POSTGRES_URL` names, or a container.

use portbook::config::{DatabaseConfig, Reader};
use portbook::store::Store;
use sha2::{Digest as _, Sha256};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use std::ffi::OsString;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::time::Duration;
use testcontainers::core::{IntoContainerPort as _, WaitFor};
use testcontainers::runners::AsyncRunner as _;
use testcontainers::{GenericImage, ImageExt as _};
use tokio::sync::OnceCell;

/// Any number, so long as nobody else locks it.
const TEMPLATE_LOCK: i64 = 7_276_034_001;

/// How long a test waits until its database is gone.
const DROP_PATIENCE: Duration = Duration::from_secs(2);

/// A database that is dropped with this value.
pub struct PostgresDatabase {
    server: String,
    name: String,
}

impl PostgresDatabase {
    pub async fn create(template: Option<&str>) -> Self {
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let database = Self {
            server: server().await.to_owned(),
            name: format!("portbook_test_{}_{number}", std::process::id()),
        };
        database.create_again(template.unwrap_or("template0")).await;
        database
    }

    pub async fn create_again(&self, template: &str) {
        let sql = format!("CREATE DATABASE {} TEMPLATE {template}", self.name);
        execute(&self.server, &sql).await;
    }

    pub async fn drop_now(&self) {
        drop_database(&self.server, &self.name).await;
    }

    pub fn url(&self) -> String {
        with_database(&self.server, &self.name)
    }
}

impl Drop for PostgresDatabase {
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), self.name.clone());
        let (gone, waits) = mpsc::channel();
        // In a thread of its own, because one cannot wait inside the test's runtime.
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(drop_database(&server, &name));
            let _ = gone.send(());
        });
        // A connection that the test's runtime is just opening holds it up until that runtime ends, after this.
        let _ = waits.recv_timeout(DROP_PATIENCE);
    }
}

async fn drop_database(server: &str, name: &str) {
    execute(server, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
}

/// The name of a migrated database to copy; made once per schema and server, and left there.
pub async fn template() -> String {
    static TEMPLATE: OnceCell<String> = OnceCell::const_new();
    TEMPLATE.get_or_init(make_template).await.clone()
}

async fn make_template() -> String {
    let server = server().await;
    let name = format!("portbook_template_{}", migrations_hash());
    let mut connection = PgConnection::connect(server).await.unwrap();
    let lock = sqlx::query("SELECT pg_advisory_lock($1)").bind(TEMPLATE_LOCK);
    lock.execute(&mut connection).await.unwrap();
    let exists = sqlx::query("SELECT 1 FROM pg_database WHERE datname = $1").bind(&name);
    if exists.fetch_optional(&mut connection).await.unwrap().is_none() {
        // Under another name until it is whole, in case this process dies meanwhile.
        let unfinished = format!("{name}_unfinished");
        execute(server, &format!("DROP DATABASE IF EXISTS {unfinished} WITH (FORCE)")).await;
        execute(server, &format!("CREATE DATABASE {unfinished} TEMPLATE template0")).await;
        let store = Store::new(&config(&with_database(server, &unfinished)));
        store.migrate().await.unwrap();
        store.close().await;
        execute(server, &format!("ALTER DATABASE {unfinished} RENAME TO {name}")).await;
    }
    connection.close().await.unwrap();
    name
}

fn migrations_hash() -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/postgres");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    let mut hash = Sha256::new();
    for file in files {
        hash.update(std::fs::read(file).unwrap());
    }
    hash.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

/// The address of the server's own database.
async fn server() -> &'static str {
    static SERVER: OnceCell<String> = OnceCell::const_new();
    SERVER
        .get_or_init(|| async {
            match std::env::var("PORTBOOK_TEST_POSTGRES_URL") {
                Ok(url) if !url.is_empty() => url,
                _ => start_container().await,
            }
        })
        .await
}

async fn start_container() -> String {
    let ready = "database system is ready to accept connections";
    let container = GenericImage::new("postgres", "17")
        .with_exposed_port(5432.tcp())
        // Said twice: by the server that initializes the database, and by the real one.
        .with_wait_for(WaitFor::message_on_stderr(ready))
        .with_env_var("POSTGRES_PASSWORD", "test")
        // As in docker/compose.core.yml.
        .with_env_var("POSTGRES_INITDB_ARGS", "--locale-provider=builtin --locale=C.UTF-8")
        .start()
        .await
        .expect(
            "PORTBOOK_TEST_DB=postgres needs PORTBOOK_TEST_POSTGRES_URL, or a Docker engine that has \
             postgres:17; `cargo xtask doctor` tells what is missing",
        );
    let host = container.get_host().await.unwrap();
    let port = container.get_host_port_ipv4(5432).await.unwrap();
    remove_at_exit(container.id());
    // All tests of this process use it, so it is not this value that ends it.
    std::mem::forget(container);
    let url = format!("postgres://postgres:test@{host}:{port}/postgres");
    super::eventually("Postgres answers", || async { PgConnection::connect(&url).await.is_ok() }).await;
    url
}

/// A shell that outlives this process by a moment: its stdin ends when we do, however we end.
pub fn remove_at_exit(container: &str) {
    let script = format!("trap '' INT TERM HUP; cat >/dev/null; docker rm --force --volumes {container}");
    let shell = Command::new("sh")
        .args(["-c", &script])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    std::mem::forget(shell);
}

fn config(url: &str) -> DatabaseConfig {
    let environment = |name: &str| (name == "DATABASE_URL").then(|| OsString::from(url));
    DatabaseConfig::read(&Reader::new(&environment))
}

fn with_database(server: &str, name: &str) -> String {
    let (address, query) = server.split_once('?').unwrap_or((server, ""));
    let (host, _) = address.rsplit_once('/').expect("a URL with a database");
    format!("{host}/{name}?{query}")
}

async fn execute(url: &str, sql: &str) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    let done = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await;
    done.unwrap_or_else(|error| panic!("{sql}: {error}"));
    connection.close().await.unwrap();
}
