//! The containers of a Compose project, as the engine tells them.

use super::{Compose, Docker, LINES, LOST, UP, failed};
use crate::process::Said;
use crate::target::image::{Pinned, of_labels};
use crate::target::{Done, Failure};
use anyhow::Result;
use evidence::{Digest, FailureClass, ImageRef};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Between two looks at a container.
const LOOK: Duration = Duration::from_millis(100);

/// How much of a log is read where its end is not what is looked for.
const RECENT: &str = "2m";

/// A container of a service.
#[derive(Clone, Debug)]
pub(super) struct Container {
    pub id: String,
    /// The reference that it was started by.
    pub reference: String,
    /// The engine's own name of its image.
    pub image: String,
    pub running: bool,
    pub healthy: bool,
    pub restarts: u64,
    pub state: String,
    /// When its program began, the last time.
    pub began: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Inspected {
    id: String,
    image: String,
    restart_count: u64,
    state: State,
    config: Config,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct State {
    status: String,
    exit_code: i64,
    started_at: String,
    #[serde(default)]
    health: Option<Health>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Health {
    status: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Config {
    image: String,
}

impl From<Inspected> for Container {
    fn from(seen: Inspected) -> Self {
        let State { status, exit_code, started_at, health } = seen.state;
        let health = health.map(|health| health.status);
        let state = match (&*status, &health) {
            ("running", Some(health)) => health.clone(),
            ("exited" | "dead", _) => format!("{status} with {exit_code}"),
            _ => status.clone(),
        };
        Self {
            id: seen.id,
            reference: seen.config.image,
            image: seen.image,
            running: status == "running",
            // A container without a check is as healthy as can be told.
            healthy: status == "running" && health.is_none_or(|health| health == "healthy"),
            restarts: seen.restart_count,
            state,
            began: started_at,
        }
    }
}

impl Compose {
    fn ids(&self, filters: &[&str]) -> Result<Vec<String>> {
        let project = format!("label=com.docker.compose.project={}", self.project);
        let mut call = vec!["ps", "--all", "--quiet", "--no-trunc", "--filter", &project];
        call.extend(filters.iter().flat_map(|filter| ["--filter", *filter]));
        Ok(self.docker.ask(&call)?.lines().map(str::to_owned).collect())
    }

    pub(super) fn project_is_empty(&self) -> Result<bool> {
        Ok(self.ids(&[])?.is_empty())
    }

    /// One-off containers that nobody waits for any more.
    pub(super) fn leftovers(&self) -> Result<Vec<String>> {
        self.ids(&["label=com.docker.compose.oneoff=True"])
    }

    /// The name that Compose gives to a service's only container.
    pub(super) fn name_of(&self, service: &str) -> String {
        format!("{}-{service}-1", self.project)
    }

    /// A service's container; none when there is none.
    pub(super) fn container(&self, service: &str) -> Result<Option<Container>> {
        // By its name where it has the usual one: a call less, and there are many.
        if let Some(found) = self.inspect(&self.name_of(service))? {
            return Ok(Some(found));
        }
        let service = format!("label=com.docker.compose.service={service}");
        let ids = self.ids(&[&service, "label=com.docker.compose.oneoff=False"])?;
        ids.first().map_or(Ok(None), |id| self.inspect(id))
    }

    fn inspect(&self, name: &str) -> Result<Option<Container>> {
        match self.docker.call(&["container", "inspect", name], UP)? {
            Some(Said { code: Some(0), stdout, .. }) => {
                let seen: Vec<Inspected> = serde_json::from_str(&stdout)?;
                Ok(seen.into_iter().next().map(Container::from))
            }
            Some(said) if said.stderr.contains("No such container") => Ok(None),
            Some(said) => Err(self.docker.trouble(&["container", "inspect"], &said).into()),
            None => Err(self.docker.silent(UP).into()),
        }
    }

    /// The digest that a container was started by, if the engine's image is what has that digest.
    pub(super) fn digest_of(&self, container: &Container) -> Result<Option<Digest>> {
        let asked = container.reference.parse::<ImageRef>().ok().and_then(|reference| reference.digest);
        let Some(asked) = asked else { return Ok(None) };
        let call = ["image", "inspect", &container.image, "--format", "{{json .RepoDigests}}"];
        let names = self.docker.call(&call, UP)?;
        let names = names.filter(|said| said.code == Some(0)).map(|said| said.stdout).unwrap_or_default();
        Ok((container.image == asked.as_str() || names.contains(&format!("@{asked}\""))).then_some(asked))
    }

    /// The image that a container runs in, as its labels and the engine's names of it tell; none where it tells too little.
    pub(super) fn image_of(&self, container: &Container) -> Result<Option<Pinned>> {
        #[derive(Deserialize)]
        struct Image {
            #[serde(rename = "RepoDigests", default)]
            names: Vec<String>,
            #[serde(rename = "Config")]
            config: ImageConfig,
        }
        #[derive(Deserialize)]
        struct ImageConfig {
            #[serde(rename = "Labels", default)]
            labels: Option<BTreeMap<String, String>>,
        }
        let said = self.docker.call(&["image", "inspect", &container.image], UP)?;
        let Some(Said { code: Some(0), stdout, .. }) = said else { return Ok(None) };
        let Some(Image { names, config }) = serde_json::from_str::<Vec<Image>>(&stdout)?.into_iter().next()
        else {
            return Ok(None);
        };
        let asked = container.reference.parse::<ImageRef>().ok();
        let same = |name: &ImageRef| {
            asked
                .as_ref()
                .is_some_and(|it| (&it.registry, &it.repository) == (&name.registry, &name.repository))
        };
        let mut known = names.iter().filter_map(|name| name.parse::<ImageRef>().ok());
        let Some(ImageRef { registry, repository, digest: Some(digest), .. }) = known.find(same) else {
            return Ok(None);
        };
        let repository = ImageRef { registry, repository, tag: None, digest: None };
        let tag = asked.and_then(|it| it.tag);
        Ok(of_labels(repository, digest, tag, &config.labels.unwrap_or_default()))
    }

    /// Runs an `up`.
    pub(super) fn up(&self, docker: &Docker, call: &[&str], service: &str) -> Done {
        match self.change(docker, call).map_err(failed)? {
            Some(Said { code: Some(0), .. }) => Ok(()),
            Some(Said { code: Some(LOST), .. }) => {
                Err(Failure::new(FailureClass::Other, "the lock is another's by now"))
            }
            Some(said) => Err(Failure {
                class: FailureClass::Health,
                message: format!("{} cannot start {service}", docker.shown()),
                logs: said.stderr,
            }),
            None => Err(Failure::new(
                FailureClass::Health,
                format!("{} did not start {service} within {} s", docker.shown(), UP.as_secs()),
            )),
        }
    }

    /// Waits until a service's container is healthy: no longer than it lives.
    pub(super) fn until_healthy(&self, service: &str, limit: Duration) -> Done {
        let began = Instant::now();
        loop {
            let container = self.container(service).map_err(failed)?;
            let why = match &container {
                None => Some("is gone".to_owned()),
                Some(it) if it.restarts > 0 => Some("ended and was started again".to_owned()),
                Some(it) if it.healthy => return Ok(()),
                Some(it) if !it.running && it.state != "created" => Some(format!("has {}", it.state)),
                Some(it) if it.state == "unhealthy" => Some("is unhealthy".to_owned()),
                Some(it) if began.elapsed() > limit => {
                    Some(format!("is still {} after {} s", it.state, limit.as_secs()))
                }
                Some(_) => None,
            };
            if let Some(why) = why {
                return Err(Failure {
                    class: FailureClass::Health,
                    message: format!("{service} {why}"),
                    logs: self.log_of(service, LINES),
                });
            }
            self.ctx.stop.check().map_err(failed)?;
            std::thread::sleep(LOOK);
        }
    }

    /// The end of its log; where it was started again, that of the time before: what it ended with, and not how it began anew.
    pub(super) fn log_of(&self, service: &str, lines: usize) -> String {
        let Ok(Some(Container { id, restarts, began, .. })) = self.container(service) else {
            return String::new();
        };
        let read = |which: [&str; 4]| {
            let said = self.docker.call(&[&["logs"], &which[..], &[&id]].concat(), UP).ok().flatten();
            let text = said.map(|said| [said.stdout, said.stderr].join("\n")).unwrap_or_default();
            let text = text.trim();
            let from = text.rmatch_indices('\n').nth(lines.saturating_sub(1)).map_or(0, |(at, _)| at + 1);
            text[from..].to_owned()
        };
        // The engine counts lines from the end of all, so it cannot be asked for the last ones before a moment.
        let before = if restarts > 0 { read(["--since", RECENT, "--until", &began]) } else { String::new() };
        // It is counted as started again a moment before it is.
        if before.is_empty() { read(["--since", "0", "--tail", &lines.to_string()]) } else { before }
    }
}
