//! What is asked of a booted build, wherever it runs.

use super::Subject;
use crate::engine::{Engine, Finished, Role};
use crate::http::Client;
use anyhow::{Context as _, Result, bail, ensure};
use evidence::{Claim, CommitSha, Evidence, Outcome};
use serde_json::{Value, json};
use std::path::Path;
use std::time::{Duration, Instant};
use xtask::commands::smoke::BrowserPaths;
use xtask::context::Context;
use xtask::error::Problem;
use xtask::policy::Pipeline;
use xtask::process::{POLL, Spawn, child_env, tail};

/// The service that the smoke run itself puts on the board.
pub const SERVICE: &str = "smoke-check";

/// Looks again and again until it holds, the user stops it, or the time is over.
fn until(ctx: &Context, bound: Duration, mut look: impl FnMut() -> Result<String>) -> Result<String> {
    let began = Instant::now();
    loop {
        ctx.stop.check()?;
        match look() {
            Ok(text) => return Ok(text),
            Err(error) if began.elapsed() > bound => {
                return Err(error.context(format!("not within {} s", bound.as_secs())));
            }
            Err(_) => std::thread::sleep(POLL),
        }
    }
}

fn succeeded(what: &str, done: &Finished) -> Result<()> {
    ensure!(
        done.code == Some(0),
        "{what} ended with {:?}, expected 0:\n{}{}",
        done.code,
        done.stdout,
        done.stderr
    );
    Ok(())
}

/// `portbook migrate`; the second time it must have nothing to do.
pub fn migrate(engine: &mut dyn Engine, again: bool) -> Result<String> {
    let done = engine.run_once(&["migrate"])?;
    succeeded("migrate", &done)?;
    let text = format!("{}{}", done.stdout, done.stderr);
    ensure!(!again || text.contains("nothing to do"), "expected \"nothing to do\", got: {text}");
    Ok(String::new())
}

/// `/readyz`, unless the server has ended before.
pub fn ready(ctx: &Context, engine: &mut dyn Engine, client: &Client) -> Result<String> {
    until(ctx, Duration::from_secs(30), || {
        if let Some(code) = engine.ended(Role::Server)? {
            // Waiting longer cannot help.
            return Err(
                Problem::new(xtask::error::Exit::Failed, format!("the server ended with {code:?}")).into()
            );
        }
        client.get("/readyz")?.expect(200)?;
        Ok(String::new())
    })
}

/// The secrets of a run. They are never printed, and die with the database.
pub struct Tokens {
    /// May write evidence.
    pub writer: String,
    /// May only read.
    reader: String,
}

impl Tokens {
    /// Creates them through the binary itself.
    pub fn create(engine: &mut dyn Engine, pipeline: &Pipeline) -> Result<Self> {
        let mut create = |scope: &str| -> Result<String> {
            let done = engine.run_once(&[
                "admin",
                "token",
                "create",
                "--project",
                pipeline.project.as_str(),
                "--scope",
                scope,
                "--expires-in",
                "1d",
                "--json",
            ])?;
            // stdout holds the secret and stays out of the message.
            ensure!(done.code == Some(0), "admin token create ended with {:?}:\n{}", done.code, done.stderr);
            let answer: Value = serde_json::from_str(&done.stdout)
                .map_err(|_| anyhow::anyhow!("admin token create --json printed no JSON"))?;
            answer["token"].as_str().map(str::to_owned).context("admin token create printed no token")
        };
        Ok(Self { writer: create("evidence:write")?, reader: create("read")? })
    }
}

/// `/version` tells the commit that was built.
pub fn version(client: &Client, commit: &CommitSha) -> Result<String> {
    let version = client.get("/version")?.expect(200)?.json()?;
    ensure!(
        version["commit"].as_str() == Some(commit.as_str()),
        "it says commit {}, expected {commit}",
        version["commit"]
    );
    Ok(format!("{} {}", version["version"].as_str().unwrap_or_default(), commit.short()))
}

/// The index page, also under a path of the application, with its security headers.
pub fn index(client: &Client) -> Result<String> {
    let index = client.get_with("/", &[("accept", "text/html")])?;
    index.expect(200)?;
    ensure!(
        index.header("content-type").starts_with("text/html"),
        "content-type {:?}",
        index.header("content-type")
    );
    let csp = index.header("content-security-policy");
    ensure!(
        csp.contains("default-src 'none'") && !csp.contains("unsafe-"),
        "content-security-policy {csp:?}"
    );
    let route = client.get_with("/commits", &[("accept", "text/html")])?;
    ensure!(
        route.expect(200)?.body == index.body,
        "a path of the application did not answer with the index page"
    );
    Ok(format!("{} bytes", index.body.len()))
}

/// Every script and style that the index names: there, immutable, and compressed for who can take it.
pub fn asset(client: &Client) -> Result<String> {
    let index = client.get_with("/", &[("accept", "text/html")])?.text();
    let assets: Vec<&str> = index
        .split(['"', '\''])
        .filter(|word| word.starts_with("/assets/") && (word.ends_with(".js") || word.ends_with(".css")))
        .collect();
    ensure!(!assets.is_empty(), "the index page names no asset");
    for path in &assets {
        let plain = client.get(path)?;
        let caching = plain.expect(200)?.header("cache-control");
        ensure!(caching.contains("immutable"), "{path}: cache-control {caching:?}, expected immutable");
        let packed = client.get_with(path, &[("accept-encoding", "br")])?;
        ensure!(packed.header("content-encoding") == "br", "{path} is not served compressed");
        ensure!(packed.body.len() < plain.body.len(), "{path} is not smaller when compressed");
    }
    Ok(format!("{} assets", assets.len()))
}

/// A missing asset is 404 and never the index page.
pub fn missing_asset(client: &Client) -> Result<String> {
    client.get_with("/assets/missing-0000000000.js", &[("accept", "text/html")])?.expect(404)?;
    Ok(String::new())
}

fn document(pipeline: &Pipeline, subject: &Subject) -> Result<Value> {
    let claim = Claim::Deployed {
        service: SERVICE.parse()?,
        environment: "local".parse()?,
        commit: subject.commit.clone(),
        digest: subject.digest.clone(),
        version: "smoke".to_owned(),
        outcome: Outcome::Success,
        actor: "cargo xtask smoke".to_owned(),
        deployment: None,
        reference: None,
        failure: None,
        milliseconds: None,
        break_glass: None,
    };
    Ok(serde_json::to_value(Evidence::new(pipeline.project.clone(), time::OffsetDateTime::now_utc(), claim))?)
}

fn refused_batch(pipeline: &Pipeline) -> Result<Value> {
    let subject = Subject { commit: "0".repeat(40).parse()?, digest: None };
    Ok(json!({ "evidence": [document(pipeline, &subject)?] }))
}

/// Without a token nothing is written.
pub fn no_token(client: &Client, pipeline: &Pipeline) -> Result<String> {
    let answer = client.post("/v1/evidence", None, &refused_batch(pipeline)?)?;
    ensure!(
        answer.expect(401)?.header("content-type").starts_with("application/problem+json"),
        "expected problem+json"
    );
    Ok(String::new())
}

/// A token that may only read writes nothing.
pub fn wrong_scope(client: &Client, pipeline: &Pipeline, tokens: &Tokens) -> Result<String> {
    client.post("/v1/evidence", Some(&tokens.reader), &refused_batch(pipeline)?)?.expect(403)?;
    Ok(String::new())
}

/// A document is recorded, and the same document again is a duplicate.
pub fn evidence(client: &Client, pipeline: &Pipeline, tokens: &Tokens, subject: &Subject) -> Result<String> {
    let batch = json!({ "evidence": [document(pipeline, subject)?] });
    for expected in ["recorded", "duplicate"] {
        let answer = client.post("/v1/evidence", Some(&tokens.writer), &batch)?;
        let status = answer.expect(200)?.json()?["results"][0]["status"].clone();
        ensure!(status == expected, "the document was {status}, expected {expected}");
    }
    Ok(String::new())
}

/// The worker has put the document on the board.
pub fn board(ctx: &Context, client: &Client) -> Result<String> {
    until(ctx, Duration::from_secs(15), || {
        let board = client.get("/v1/board")?.expect(200)?.json()?;
        let services = board["services"].as_array().context("the board lists no services")?;
        ensure!(
            services.iter().any(|service| service["name"] == SERVICE),
            "the board does not show {SERVICE}"
        );
        Ok(format!("version {}", board["version"]))
    })
}

/// A polled board that did not change costs a 304.
pub fn not_modified(client: &Client) -> Result<String> {
    let board = client.get("/v1/board")?;
    let etag = board.header("etag");
    ensure!(etag.starts_with('"'), "etag {etag:?}, expected a strong one");
    client.get_with("/v1/board", &[("if-none-match", etag)])?.expect(304)?;
    Ok(String::new())
}

/// `portbook healthcheck --worker` on the same data.
pub fn worker(ctx: &Context, engine: &mut dyn Engine) -> Result<String> {
    if let Some(code) = engine.ended(Role::Worker)? {
        bail!("the worker ended with {code:?}");
    }
    until(ctx, Duration::from_secs(15), || {
        succeeded("healthcheck --worker", &engine.run_once(&["healthcheck", "--worker"])?)?;
        Ok(String::new())
    })
}

/// In a container the image's own health check, elsewhere the same command.
pub fn healthcheck(ctx: &Context, engine: &mut dyn Engine) -> Result<String> {
    until(ctx, Duration::from_secs(40), || match engine.container() {
        Some(container) => super::container::healthy(container),
        None => {
            succeeded("healthcheck", &engine.run_once(&["healthcheck"])?)?;
            Ok(String::new())
        }
    })
}

/// The front-end's paths in a real browser.
pub fn browser(
    ctx: &Context,
    client: &Client,
    tokens: &Tokens,
    paths: BrowserPaths,
    output: &Path,
) -> Result<String> {
    std::fs::create_dir_all(output).with_context(|| format!("cannot make {}", output.display()))?;
    let token_file = output.join("token");
    write_secret(&token_file, &tokens.writer)?;
    let mut env = child_env(ctx);
    let path = env.get("PATH").cloned().unwrap_or_default();
    if let Some(browser) = xtask::tools::browser(ctx, &path) {
        env.insert("PORTBOOK_CHROMIUM".to_owned(), browser.display().to_string());
    }
    let own = [
        ("PORTBOOK_E2E_URL", client.base().to_owned()),
        ("PORTBOOK_E2E_TOKEN_FILE", token_file.display().to_string()),
        ("PORTBOOK_E2E_OUTPUT", output.join("results").display().to_string()),
        ("PORTBOOK_E2E_JUNIT", output.join("junit.xml").display().to_string()),
    ];
    env.extend(own.map(|(key, value)| (key.to_owned(), value)));
    let spawn = Spawn {
        program: "npm".into(),
        args: ["run", "--silent", paths.script()].map(str::to_owned).to_vec(),
        dir: ctx.root.join("frontend"),
        env,
    };
    let log = output.join("playwright.log");
    let code = spawn.start(&log).and_then(|mut running| running.wait(&ctx.stop, || Ok(())));
    let _ = std::fs::remove_file(&token_file);
    let counts = xtask::plan::Counter::Playwright.read(&std::fs::read_to_string(&log).unwrap_or_default());
    ensure!(
        code? == Some(0) && counts.passed > 0,
        "{counts}; traces and screenshots: {}\n{}",
        ctx.shown(&output.join("results")),
        tail(&log, 40)
    );
    Ok(counts.to_string())
}

/// A file that only its owner can read.
fn write_secret(path: &Path, secret: &str) -> Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let _ = std::fs::remove_file(path);
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(secret.as_bytes()).with_context(|| format!("cannot write {}", path.display()))
}
