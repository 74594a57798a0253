//! Docker Compose, on an engine of this machine or another: pull and up, never a build.
//!
//! Everything is done by `docker`, which knows contexts, SSH and credentials; what is needed of the ingress is asked inside
//! of it. So the engine is all that has to be reached.

mod containers;
mod credentials;
mod docker;
mod ingress;
mod lockfile;
mod script;

use super::{Answer, Done, Failure, Mark, Present, Reading, Schema, Slot, Target};
use crate::context::Context;
use crate::patience::random;
use crate::policy::{Environment, Pipeline};
use crate::process::Said;
use crate::target::image::Pinned;
use crate::target::state::{Database, Document};
use anyhow::{Context as _, Result, bail};
use docker::Docker;
use evidence::{FailureClass, Name};
use ingress::{answer_of, mark_of};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The environment's own file, and that of workers on other hosts.
const CORE: &str = "docker/compose.core.yml";
const WORKERS: &str = "docker/compose.workers.yml";
/// The longest that starting or removing containers may take.
const UP: Duration = Duration::from_secs(120);
/// The longest that a pull may take.
const PULL: Duration = Duration::from_secs(900);
/// What a migration gets beyond its limit to say how it ended.
const MARGIN: Duration = Duration::from_secs(15);
/// The exit code of a change that was not made, because the lock is another's.
const LOST: i32 = 65;
/// The exit code of a program that does not know an argument.
const UNKNOWN_ARGUMENT: i32 = 2;
/// How many lines of a log are shown.
const LINES: usize = 30;

/// An environment on an engine.
pub struct Compose {
    ctx: Context,
    environment: Environment,
    project: String,
    docker: Docker,
    workers: Vec<Docker>,
    folder: PathBuf,
    /// The number of the lock that containers are changed under; 0: none yet.
    fence: AtomicU64,
}

impl Compose {
    /// The environment on its engine; nothing is asked yet.
    ///
    /// # Errors
    /// When the folder for the lock file cannot be made.
    pub fn open(ctx: &Context, pipeline: &Pipeline, environment: &Environment) -> Result<Self> {
        let project = environment.compose_project(&pipeline.project);
        let mut variables = environment.settings.variables.clone();
        for (name, own) in
            [("IMAGE_REGISTRY", &pipeline.image.registry), ("IMAGE_REPO", &pipeline.image.repository)]
        {
            variables.entry(name.to_owned()).or_insert_with(|| own.clone());
        }
        variables.insert("PORTBOOK_ENVIRONMENT".to_owned(), environment.name.to_string());
        // What runs is named by the lock file; the file alone asks for a tag.
        variables.insert("IMAGE_TAG".to_owned(), "named-by-digest".to_owned());
        let of = |context: Option<&str>| Docker::of(ctx, context, variables.clone());
        Ok(Self {
            docker: of(environment.settings.context.as_deref()),
            workers: environment.settings.workers.iter().map(|context| of(Some(context))).collect(),
            folder: ctx.work_dir(&format!("deploy/{}", environment.name))?,
            ctx: ctx.clone(),
            environment: environment.clone(),
            project,
            fence: AtomicU64::new(0),
        })
    }

    fn has_database_of_its_own(&self) -> bool {
        let given = self.docker.variables.get("DATABASE_URL").map(String::as_str);
        given.or_else(|| self.ctx.env.get("DATABASE_URL")).is_none()
    }

    /// The arguments of a call of Compose.
    fn compose<'a>(&'a self, file: &'a str, lock: Option<&'a str>, args: &[&'a str]) -> Vec<&'a str> {
        let mut all =
            vec!["compose", "--progress", "quiet", "--project-name", self.project.as_str(), "--file", file];
        all.extend(lock.into_iter().flat_map(|lock| ["--file", lock]));
        all.extend(args);
        all
    }

    /// Writes the lock file of an image, and answers its path.
    fn lock(&self, name: &str, text: &str) -> Done<String> {
        let path = self.folder.join(name);
        std::fs::write(&path, text)
            .map_err(|error| other(format!("cannot write {}: {error}", path.display())))?;
        Ok(path.display().to_string())
    }

    fn core_lock(&self, image: &Pinned) -> Done<String> {
        self.lock("core.lock.yml", &lockfile::core(image, &self.environment.name))
    }

    /// Runs the image's `migrate` once, with these arguments.
    fn run_once(&self, image: &Pinned, args: &[&str], limit: Duration) -> Done<Said> {
        let lock = self.core_lock(image)?;
        let name = format!("{}-migrate-{:x}", self.project, random());
        let run = ["run", "--rm", "--no-TTY", "--no-deps", "--name", &name, "migrate", "migrate"];
        let call = self.compose(CORE, Some(&lock), &[&run[..], args].concat());
        let said = self.docker.call(&call, limit);
        if !matches!(said, Ok(Some(_))) {
            // Whoever waited for it is gone; what it does in the database is rolled back with it.
            let _ = self.docker.call(&["rm", "--force", &name], UP);
        }
        match said.map_err(failed)? {
            Some(said) => Ok(said),
            None => Err(Failure::new(
                FailureClass::Migrate,
                format!("`{}` did not end within {} s and was stopped", args_shown(args), limit.as_secs()),
            )),
        }
    }

    /// Changes containers, if the lock is still the one. Both are one process: whatever stops this program in between, even
    /// for minutes, does not stop that one, so there is no moment at which it could change what another has deployed.
    fn change(&self, docker: &Docker, call: &[&str]) -> Result<Option<Said>> {
        let fence = self.fence.load(Ordering::SeqCst);
        // Other engines keep no record of who may change them.
        if fence == 0 || !std::ptr::eq(docker, &raw const self.docker) {
            return docker.call(call, UP);
        }
        let fence = fence.to_string();
        let name = self.name_of("ingress");
        let ask = ["exec", "--user", "0", &name, "bash", "-c", script::HELD, "xtask", &fence];
        docker.call_after(&self.docker.line(&ask, &[]), call, UP)
    }

    /// The names by digest of an image that an engine has, as JSON; none where it has not.
    fn names_of(&self, docker: &Docker, image: &str) -> Done<Option<String>> {
        let said = docker.call(&["image", "inspect", image, "--format", "{{json .RepoDigests}}"], UP);
        match said.map_err(failed)? {
            Some(Said { code: Some(0), stdout, .. }) => Ok(Some(stdout)),
            Some(_) => Ok(None),
            None => Err(failed(docker.silent(UP).into())),
        }
    }

    /// Brings the image to one engine.
    fn pull_to(&self, docker: &Docker, image: &Pinned) -> Done {
        let wanted = image.by_digest();
        let pull = |message: String| Failure::new(FailureClass::Pull, message);
        // What is there already is there though the registry is down: going back must not need it.
        if self
            .names_of(docker, &wanted)?
            .is_some_and(|names| names.contains(&format!("@{}\"", image.digest)))
        {
            return Ok(());
        }
        let credentials = credentials::of(&self.ctx, docker, &image.repository).map_err(failed)?;
        let mut call: Vec<&str> = credentials.iter().flat_map(credentials::Credentials::flags).collect();
        call.extend(["pull", "--quiet", &wanted]);
        let by = if credentials.is_some() { docker.without_context() } else { docker.clone() };
        match by.call(&call, PULL).map_err(failed)? {
            Some(Said { code: Some(0), .. }) => {}
            Some(said) => {
                return Err(Failure {
                    logs: said.stderr,
                    ..pull(format!("{} cannot pull {wanted}", docker.shown()))
                });
            }
            None => return Err(pull(format!("{wanted} did not arrive within {} s", PULL.as_secs()))),
        }
        let names = self.names_of(docker, &wanted)?.unwrap_or_default();
        if !names.contains(&format!("@{}\"", image.digest)) {
            return Err(pull(format!("{wanted} was pulled, and the engine calls it {names}")));
        }
        Ok(())
    }
}

impl Target for Compose {
    fn describe(&self) -> String {
        format!("Compose project {} on {}", self.project, self.docker.shown())
    }

    fn under(&self, fence: u64) {
        self.fence.store(fence, Ordering::SeqCst);
    }

    fn prepare(&self) -> Result<()> {
        let mut wanted = vec!["ingress"];
        if self.has_database_of_its_own() {
            wanted.push("postgres");
        }
        let mut all_run = true;
        for service in &wanted {
            all_run &= self.container(service)?.is_some_and(|it| it.running && it.healthy);
        }
        if all_run {
            return Ok(());
        }
        let mut args = vec!["up", "--detach", "--no-build", "--no-recreate", "--wait"];
        args.extend(&wanted);
        let call = self.compose(CORE, None, &args);
        // Who prepares the same environment at this moment may be faster; then there is nothing left to do.
        for last in [false, true] {
            match self.docker.call(&call, UP)? {
                Some(Said { code: Some(0), .. }) => break,
                Some(said) if last => return Err(self.docker.trouble(&call, &said).into()),
                Some(_) => {}
                None => return Err(self.docker.silent(UP).into()),
            }
        }
        Ok(())
    }

    fn read(&self) -> Result<Reading> {
        let Some(said) = self.script_if_any(script::READ, &[])? else {
            let now = self.docker.ask(&["info", "--format", "{{.SystemTime}}"])?;
            let now = OffsetDateTime::parse(&now, &Rfc3339)
                .with_context(|| format!("{} tells the time as {now:?}", self.docker.shown()))?;
            let now = i64::try_from(now.unix_timestamp_nanos() / 1_000_000)?;
            return Ok(Reading { document: Document::default(), mark: mark_of(""), now, active: Slot::Web });
        };
        if said.code != Some(0) {
            bail!("what {} remembers cannot be read: {}", self.environment.name, said.stderr);
        }
        let mut parts = said.stdout.splitn(4, '\n');
        let now = parts.next().unwrap_or_default();
        let mark = Mark(parts.next().unwrap_or_default().to_owned());
        let active = if parts.next() == Some(Slot::Next.name()) { Slot::Next } else { Slot::Web };
        let text = parts.next().unwrap_or_default();
        let document = if text.is_empty() { Document::default() } else { serde_json::from_str(text)? };
        Ok(Reading { document, mark, now: now.parse()?, active })
    }

    fn write(&self, mark: &Mark, document: &Document) -> Result<Option<Mark>> {
        self.replace(mark, document, None)
    }

    fn switch(&self, mark: &Mark, document: &Document, to: Slot) -> Result<Option<Mark>> {
        self.replace(mark, document, Some(to))
    }

    fn pull(&self, image: &Pinned) -> Done {
        std::iter::once(&self.docker).chain(&self.workers).try_for_each(|docker| self.pull_to(docker, image))
    }

    fn schema(&self, image: &Pinned) -> Done<Option<Schema>> {
        let said = self.run_once(image, &["--dry-run", "--json"], UP)?;
        match said.code {
            Some(0) => told(&said).map(Some),
            // The first releases cannot tell.
            Some(UNKNOWN_ARGUMENT) => Ok(None),
            _ => Err(migration_failed("the database cannot be asked for its schema", &said)),
        }
    }

    fn migrate(&self, image: &Pinned, limit: Duration) -> Done<Option<Schema>> {
        let seconds = limit.as_secs().to_string();
        let mut said = self.run_once(image, &["--json", "--time-limit", &seconds], limit + MARGIN)?;
        let tells = said.code != Some(UNKNOWN_ARGUMENT);
        if !tells {
            said = self.run_once(image, &[], limit)?;
        }
        match said.code {
            Some(0) if tells => told(&said).map(Some),
            Some(0) => Ok(None),
            _ => Err(migration_failed(
                "the migration failed, and is rolled back; what had ended before it stays",
                &said,
            )),
        }
    }

    fn start(&self, slot: Slot, image: &Pinned, limit: Duration) -> Done {
        let lock = self.core_lock(image)?;
        // What was asked for again is started again, also where nothing about it has changed.
        let up = ["up", "--detach", "--no-build", "--no-deps", "--force-recreate", slot.name()];
        let call = self.compose(CORE, Some(&lock), &up);
        self.up(&self.docker, &call, slot.name())?;
        self.until_healthy(slot.name(), limit)
    }

    fn start_workers(&self, image: &Pinned, limit: Duration) -> Done {
        let lock = self.core_lock(image)?;
        let up = ["up", "--detach", "--no-build", "--no-deps", "--force-recreate", "worker"];
        let call = self.compose(CORE, Some(&lock), &up);
        self.up(&self.docker, &call, "worker")?;
        self.until_healthy("worker", limit)?;
        if self.workers.is_empty() {
            return Ok(());
        }
        let lock = self.lock("workers.lock.yml", &lockfile::workers(image, &self.environment.name))?;
        let seconds = limit.as_secs().to_string();
        for docker in &self.workers {
            let up = ["up", "--detach", "--no-build", "--wait", "--wait-timeout", &seconds];
            self.up(docker, &self.compose(WORKERS, Some(&lock), &up), "worker")?;
        }
        Ok(())
    }

    fn present(&self, slot: Slot) -> Result<Option<Present>> {
        let Some(container) = self.container(slot.name())? else { return Ok(None) };
        let digest = self.digest_of(&container)?;
        let containers::Container { running, healthy, restarts, began, state, .. } = container;
        Ok(Some(Present { digest, running, healthy, restarts, began, state }))
    }

    fn found(&self, slot: Slot) -> Result<Option<Pinned>> {
        self.container(slot.name())?.map_or(Ok(None), |container| self.image_of(&container))
    }

    fn get(&self, slot: Option<Slot>, paths: &[&str]) -> Result<Vec<Answer>> {
        let word = format!("{:016x}{:016x}", random(), random());
        let args = [&[word.as_str(), slot.map_or("", Slot::name)], paths].concat();
        let said = self.script(&script::get(), &args)?;
        let answers: Option<Vec<Answer>> = said.stdout.split(&word).skip(1).map(answer_of).collect();
        answers.filter(|answers| answers.len() == paths.len()).with_context(|| {
            format!("the ingress of {} gave no answer: {}", self.environment.name, said.stderr)
        })
    }

    fn clear(&self, slot: Slot) -> Result<()> {
        if self.container(slot.name())?.is_none() {
            return Ok(());
        }
        let call = self.compose(CORE, None, &["rm", "--stop", "--force", slot.name()]);
        match self.change(&self.docker, &call)? {
            Some(Said { code: Some(0), .. }) => Ok(()),
            Some(Said { code: Some(LOST), .. }) => bail!("the lock is another's by now"),
            Some(said) => Err(self.docker.trouble(&call, &said).into()),
            None => Err(self.docker.silent(UP).into()),
        }
    }

    fn sweep(&self) -> Result<()> {
        for id in self.leftovers()? {
            self.docker.ask(&["rm", "--force", &id])?;
        }
        Ok(())
    }

    fn logs(&self, slot: Slot, lines: usize) -> String {
        self.log_of(slot.name(), lines)
    }
}

/// A failure that is not the version's.
fn other(message: impl Into<String>) -> Failure {
    Failure::new(FailureClass::Other, message)
}

fn failed(error: anyhow::Error) -> Failure {
    other(format!("{error:#}"))
}

/// What `portbook migrate --json` says.
fn told(said: &Said) -> Done<Schema> {
    schema_of(&said.stdout).map_err(|why| Failure {
        logs: [said.stdout.as_str(), &said.stderr].join("\n"),
        ..other(format!("`portbook migrate --json` says what is not understood: {why}"))
    })
}

fn migration_failed(what: &str, said: &Said) -> Failure {
    let logs = [said.stdout.as_str(), &said.stderr].join("\n").trim().to_owned();
    Failure { logs, ..Failure::new(FailureClass::Migrate, what) }
}

fn args_shown(args: &[&str]) -> String {
    format!("portbook migrate {}", args.join(" "))
}

fn schema_of(text: &str) -> Result<Schema, String> {
    #[derive(serde::Deserialize)]
    struct Told {
        schema: u64,
        floor: u64,
        pending: Vec<Pending>,
    }
    #[derive(serde::Deserialize)]
    struct Pending {
        version: u64,
        name: String,
    }
    let told: Told = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let pending = told.pending.into_iter().map(|it| format!("{:04}_{}", it.version, it.name)).collect();
    Ok(Schema { database: Database { schema: told.schema, floor: told.floor }, pending })
}

/// The service that deployments are of: the ledger's name for what users reach.
pub fn service() -> Name {
    "web".parse().unwrap_or_else(|_| unreachable!("a literal name"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_cannot_build_and_name_no_tag_of_their_own() {
        for file in [CORE, WORKERS] {
            let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
            let text = std::fs::read_to_string(path).unwrap();
            let compose: serde_yaml::Value = serde_yaml::from_str(&text).unwrap();
            let services = compose["services"].as_mapping().unwrap();
            let mut own = 0;
            for (name, service) in services {
                assert!(service.get("build").is_none(), "{file}: {name:?} can build");
                let mut image = service.get("image").cloned().unwrap_or_default();
                if let Some(merged) = service.get("<<") {
                    image = merged["image"].clone();
                }
                let image = image.as_str().unwrap_or_default();
                if image.contains("IMAGE_REPO") {
                    own += 1;
                    assert!(image.contains(":${IMAGE_TAG:?"), "{file}: {name:?} runs {image}");
                }
            }
            assert!(own > 0, "{file} runs nothing of ours");
        }
    }

    #[test]
    fn a_dry_run_is_read() {
        let told = r#"{"database":"postgres","schema":4,"floor":0,"head":5,"min":5,
            "pending":[{"version":5,"name":"schema_floor","contract":false}]}"#;
        let schema = schema_of(told).unwrap();
        assert_eq!(
            (schema.database.schema, schema.database.floor, schema.pending),
            (4, 0, vec!["0005_schema_floor".to_owned()])
        );
        assert!(schema_of("{}").is_err());
    }
}
