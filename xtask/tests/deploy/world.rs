//! A repository with three environments of its own on the engine, and xtask in it.

use crate::engine::{self, Engine, PREFIX};
use crate::images::{self, Image};
use crate::load::{LIGHT, Load, Rate};
use crate::registry::{PASSWORD, USER, address};
use crate::second::Second;
use crate::support::{Fixture, Ran, repository};
use evidence::{Claim, Evidence, Outcome};
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use time::OffsetDateTime;

pub const ENVIRONMENTS: [&str; 3] = ["dev", "staging", "prod"];
/// The longest that anything here is waited for.
const PATIENCE: Duration = Duration::from_secs(120);

/// How patient the environments are, in seconds.
#[derive(Clone, Copy)]
pub struct Patience {
    pub soak: u32,
    pub health: u32,
    pub migrate: u32,
    pub lock: u32,
}

pub const USUAL: Patience = Patience { soak: 1, health: 60, migrate: 60, lock: 20 };

pub struct World {
    pub fixture: Fixture,
    pub name: String,
    ports: [u16; 3],
    /// Where xtask is told that the registry is.
    host: SocketAddr,
    /// What the environments are on.
    pub engine: Engine,
    second: Option<Second>,
}

impl Drop for World {
    fn drop(&mut self) {
        // An engine of its own goes with everything that is on it.
        for environment in ENVIRONMENTS.into_iter().filter(|_| self.second.is_none()) {
            self.engine.down(&self.project(environment));
        }
    }
}

impl World {
    pub fn new() -> Self {
        Self::with(USUAL, address())
    }

    pub fn patient(patience: Patience) -> Self {
        Self::with(patience, address())
    }

    /// With the registry behind something.
    pub fn with(patience: Patience, host: SocketAddr) -> Self {
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        // Bound at one time, so that no two are the same.
        let bound = ENVIRONMENTS.map(|_| TcpListener::bind("127.0.0.1:0").unwrap());
        let world = Self {
            fixture: Fixture::new(),
            name: format!("{PREFIX}-{}-{number}", std::process::id()),
            ports: bound.map(|it| it.local_addr().unwrap().port()),
            host,
            engine: Engine::default(),
            second: None,
        };
        world.lengthen(patience);
        world
    }

    /// On an engine that nobody else is on.
    pub fn on_an_engine_of_its_own(patience: Patience) -> Self {
        let mut world = Self::patient(patience);
        let second = Second::start(&world.ports);
        world.engine = second.engine();
        world.second = Some(second);
        world.lengthen(patience);
        world
    }

    /// The engine that nobody else is on.
    pub fn second(&self) -> &Second {
        self.second.as_ref().expect("a world on an engine of its own")
    }

    /// Writes how patient the environments are.
    pub fn lengthen(&self, patience: Patience) {
        let Patience { soak, health, migrate, lock } = patience;
        // From outside of its container, an engine in one is another machine.
        let listen = if self.second.is_some() { "0.0.0.0" } else { "127.0.0.1" };
        let environment = |name: &str, more: &str| {
            let port = self.port(name);
            format!(
                "  {name}: {{target: compose, variables: {{INGRESS_PORT: \"{port}\", INGRESS_ADDRESS: {listen}}}, soak_seconds: {soak}, \
                 health_seconds: {health}, migrate_seconds: {migrate}, lock_seconds: {lock}{more}}}\n"
            )
        };
        let own = std::fs::read_to_string(repository().join("pipeline.yml")).unwrap();
        let (before, rest) = own.split_once("\nenvironments:\n").unwrap();
        let (_, after) = rest.split_once("\n\n").unwrap();
        let text = format!(
            "{}\nenvironments:\n{}{}{}\n{after}",
            before
                .replace("project: portbook", &format!("project: {}", self.name))
                .replace("registry: ghcr.io", &format!("registry: {}", self.host))
                .replace("repository: portbook/portbook", &format!("repository: {}", images::name())),
            environment("dev", ""),
            environment("staging", ", after: dev"),
            environment("prod", ", production: true, after: staging"),
        );
        std::fs::write(self.fixture.path("pipeline.yml"), text).unwrap();
    }

    pub fn project(&self, environment: &str) -> String {
        format!("{}-{environment}", self.name)
    }

    pub fn port(&self, environment: &str) -> u16 {
        let at = ENVIRONMENTS.iter().position(|name| *name == environment).unwrap();
        self.ports[at]
    }

    pub fn load(&self, environment: &str, rate: Rate) -> Load {
        Load::start(self.port(environment), rate)
    }

    /// xtask in this world.
    pub fn xtask(&self, args: &[&str]) -> Command {
        let mut command = self.fixture.xtask(args);
        command
            .env("PORTBOOK_REGISTRY_USER", USER)
            .env("PORTBOOK_REGISTRY_PASSWORD", PASSWORD)
            .env("PORTBOOK_REGISTRY_PAUSE_MS", "1")
            .env_remove("DOCKER_CONFIG")
            .env_remove("DATABASE_URL")
            .env_remove("DATABASE_PASSWORD")
            .env_remove("POSTGRES_PASSWORD");
        if let Some(host) = &self.engine.host {
            command.env("DOCKER_HOST", host);
        }
        command
    }

    pub fn run(&self, args: &[&str]) -> Ran {
        let ran = Ran::of(self.xtask(args).output().unwrap());
        assert!(!format!("{ran:?}").contains(PASSWORD), "a secret shows: {ran:#?}");
        ran
    }

    /// What `--json` prints.
    #[track_caller]
    pub fn json(&self, args: &[&str]) -> Value {
        parse(&self.run(args).expect(0, &[]))
    }

    pub fn start(&self, args: &[&str]) -> Running {
        Running::of(self.xtask(args))
    }

    pub fn deploy(&self, environment: &str, image: &Image) -> Ran {
        self.run(&deploy_args(environment, image))
    }

    /// Deploys, which must go well; what `--json` printed.
    #[track_caller]
    pub fn deployed(&self, environment: &str, image: &Image) -> Value {
        let ran = self.deploy(environment, image).expect(0, &[]);
        let told = parse(&ran);
        assert_eq!(told["outcome"], "deployed", "{ran:#?}");
        assert_eq!(told["digest"], image.digest.as_str());
        told
    }

    /// Deploys under a light load, which sees nothing of it.
    #[track_caller]
    pub fn deployed_unseen(&self, environment: &str, image: &Image) {
        let load = self.load(environment, LIGHT);
        self.deployed(environment, image);
        load.end().clean();
        self.serves(environment, image);
    }

    pub fn status(&self, environment: &str) -> Value {
        self.json(&["status", "--env", environment, "--json"])["environments"][0].clone()
    }

    /// This version answers, is recorded, and nobody deploys; nothing is left of anything else.
    #[track_caller]
    pub fn serves(&self, environment: &str, image: &Image) {
        assert_eq!(self.answers(environment).as_deref(), Some(image.digest.as_str()));
        let status = self.is_in_peace(environment);
        assert_eq!(status["running"]["digest"], image.digest.as_str(), "{status:#}");
        assert_eq!(status["observed"]["digest"], image.digest.as_str(), "{status:#}");
    }

    /// Nobody deploys, and nothing is left of a deployment; the status.
    #[track_caller]
    pub fn is_in_peace(&self, environment: &str) -> Value {
        let project = self.project(environment);
        assert_eq!(self.engine.containers(&project, "web-next"), Vec::<String>::new());
        assert_eq!(self.engine.one_off(&project), Vec::<String>::new());
        let status = self.status(environment);
        assert_eq!(
            (&status["active"], &status["lock"], &status["deploying"], &status["trouble"]),
            (&Value::from("web"), &Value::Null, &Value::Null, &Value::Array(Vec::new())),
            "{status:#}"
        );
        status
    }

    /// The digest that `/version` tells of on the port that users have.
    pub fn answers(&self, environment: &str) -> Option<String> {
        let mut answer =
            ureq::get(format!("http://127.0.0.1:{}/version", self.port(environment))).call().ok()?;
        let told: Value = serde_json::from_str(&answer.body_mut().read_to_string().ok()?).ok()?;
        told["image_digest"].as_str().map(str::to_owned)
    }

    /// Puts evidence into the spool that lets the image pass everywhere but for what ran before.
    pub fn vouch(&self, image: &Image) {
        self.say(self.ci(image));
        self.say(self.built(image));
        self.say(self.smoke(image));
        let commit = image.commit.parse().unwrap();
        self.say(Claim::Published {
            commit,
            digest: image.digest.clone(),
            repository: format!("{}/{}", self.host, images::name()),
            tags: vec![image.version.parse().unwrap()],
        });
    }

    pub fn ci(&self, image: &Image) -> Claim {
        let commit = image.commit.parse().unwrap();
        Claim::CiVerdict { commit, outcome: Outcome::Success, jobs: Vec::new() }
    }

    pub fn smoke(&self, image: &Image) -> Claim {
        let (commit, digest) = (image.commit.parse().unwrap(), Some(image.digest.clone()));
        Claim::Smoke { commit, digest, outcome: Outcome::Success, engine: "docker".parse().unwrap() }
    }

    pub fn built(&self, image: &Image) -> Claim {
        let (min, max) = image.schema;
        Claim::ImageBuilt {
            commit: image.commit.parse().unwrap(),
            digest: image.digest.clone(),
            platforms: vec!["linux/amd64".to_owned()],
            size_bytes: image.size,
            milliseconds: None,
            cache: None,
            schema_range: Some(evidence::SchemaRange { min, max }),
        }
    }

    /// What is in the spool.
    pub fn evidence(&self) -> Vec<Value> {
        let files = std::fs::read_dir(self.fixture.path("target/xtask/evidence")).unwrap();
        let documents = files.map(|it| it.unwrap().path()).filter(|path| path.is_file());
        documents.map(|path| serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()).collect()
    }

    /// Each document is a second older than the next.
    pub fn say(&self, claim: Claim) {
        static SECOND: AtomicU32 = AtomicU32::new(0);
        let second = i64::from(SECOND.fetch_add(1, Ordering::Relaxed));
        let at = OffsetDateTime::from_unix_timestamp(1_767_323_100 + second).unwrap();
        let document = Evidence::new(self.name.parse().unwrap(), at, claim);
        let dir = self.fixture.path("target/xtask/evidence");
        std::fs::create_dir_all(&dir).unwrap();
        let text = serde_json::to_string_pretty(&document).unwrap();
        std::fs::write(dir.join(format!("{}.json", document.sha256())), text).unwrap();
    }
}

pub fn deploy_args<'a>(environment: &'a str, image: &'a Image) -> Vec<&'a str> {
    vec!["deploy", "--json", "--env", environment, "--tag", &image.version]
}

#[track_caller]
pub fn parse(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:#?}"))
}

/// Waits until it is so.
#[track_caller]
pub fn until(what: &str, limit: Duration, mut is: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is() {
        assert!(began.elapsed() < limit, "{what}: not so after {} s", limit.as_secs());
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// xtask under way. It is killed where the test goes away.
pub struct Running {
    child: Child,
    said: Arc<(Mutex<Said>, Condvar)>,
    threads: Vec<JoinHandle<String>>,
}

#[derive(Default)]
struct Said {
    lines: Vec<String>,
    ended: bool,
}

impl Running {
    pub fn of(mut command: Command) -> Self {
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let said: Arc<(Mutex<Said>, Condvar)> = Arc::default();
        let (mut out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let shared = said.clone();
        let lines = std::thread::spawn(move || {
            for line in BufReader::new(err).lines().map_while(Result::ok) {
                shared.0.lock().unwrap().lines.push(line);
                shared.1.notify_all();
            }
            let mut said = shared.0.lock().unwrap();
            said.ended = true;
            shared.1.notify_all();
            said.lines.join("\n")
        });
        let data = std::thread::spawn(move || {
            let mut text = String::new();
            out.read_to_string(&mut text).unwrap();
            text
        });
        Self { child, said, threads: vec![data, lines] }
    }

    /// Waits until it has said that this step is done, or need not be done.
    #[track_caller]
    pub fn until_done(&self, step: &str) {
        self.until_said(&[&format!("✓ {step} "), &format!("- {step} ")]);
    }

    /// Waits until it has said one of these.
    #[track_caller]
    pub fn until_said(&self, texts: &[&str]) {
        let has = |said: &Said| said.lines.iter().any(|line| texts.iter().any(|text| line.contains(text)));
        let said = self.said.0.lock().unwrap();
        let (said, _) =
            self.said.1.wait_timeout_while(said, PATIENCE, |said| !said.ended && !has(said)).unwrap();
        let found = has(&said);
        let lines = said.lines.join("\n");
        drop(said);
        assert!(found, "it never said {texts:?}:\n{lines}");
    }

    pub fn signal(&self, name: &str) {
        engine::signal(name, self.child.id());
    }

    /// Has it sleep while none of its calls is under way.
    pub fn stop_between_calls(&self) {
        until("it sleeps between two calls", PATIENCE, || {
            self.signal("STOP");
            let quiet = engine::sleeps(self.child.id()) && engine::children(self.child.id()).is_empty();
            if !quiet {
                self.signal("CONT");
            }
            quiet
        });
    }

    /// Waits for its end.
    pub fn end(mut self) -> Ran {
        let status = self.child.wait().unwrap();
        let mut said = self.threads.drain(..).map(|thread| thread.join().unwrap());
        Ran { code: status.code(), stdout: said.next().unwrap(), stderr: said.next().unwrap() }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
