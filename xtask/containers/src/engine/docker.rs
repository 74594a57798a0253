//! The application in containers: the production image, locked down as it is in production.

use super::{Engine, Finished, Role};
use anyhow::{Context as _, Result, bail};
use bollard::Docker;
use bollard::container::LogOutput;
use bollard::models::{
    ContainerCreateBody, ContainerInspectResponse, HostConfig, ImageInspect, PortBinding, VolumeCreateRequest,
};
use bollard::query_parameters::{
    CreateContainerOptions, InspectContainerOptions, ListContainersOptions, ListVolumesOptions, LogsOptions,
    RemoveContainerOptions, RemoveImageOptions, RemoveVolumeOptions, StartContainerOptions,
    StopContainerOptions,
};
use futures_util::StreamExt as _;
use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::path::Path;
use std::time::{Duration, Instant};
use xtask::context::Context;
use xtask::error::{Exit, Problem};
use xtask::process::child_env;

/// The label that every container and volume of a smoke run carries; its value is the pid of the run, or
/// `kept` where it is meant to outlive the run.
const LABEL: &str = "org.portbook.smoke-run";
/// The port inside the container.
const PORT: &str = "8080/tcp";
/// How long a call of the binary may take.
const BOUND: Duration = Duration::from_secs(60);

/// An [`Engine`] of containers that share one volume.
pub struct DockerEngine {
    docker: Docker,
    runtime: tokio::runtime::Runtime,
    version: String,
    image: String,
    id: String,
    host_port: u16,
    base_url: Option<String>,
    parts: BTreeMap<Role, String>,
    ctx: Context,
    owner: String,
    kept: bool,
    removes_image: bool,
}

/// The client for the engine that `docker` itself would talk to.
///
/// # Errors
/// When there is no socket, or the engine is one that only `docker` can reach, such as over SSH.
fn connect(ctx: &Context) -> Result<Docker> {
    let host = match ctx.env.get("DOCKER_HOST") {
        Some(host) => host.to_owned(),
        None => duct::cmd!("docker", "context", "inspect", "--format", "{{.Endpoints.docker.Host}}")
            .full_env(child_env(ctx))
            .stderr_null()
            .read()
            .context("docker context inspect")?,
    };
    if ["unix://", "tcp://", "http://"].iter().any(|scheme| host.starts_with(scheme)) {
        Ok(Docker::connect_with_host(&host)?)
    } else {
        bail!("docker talks to {host:?}, expected unix://… or tcp://…, an engine on this machine")
    }
}

impl DockerEngine {
    /// An engine for one image, which must be in the engine's store. What killed runs left behind is removed.
    ///
    /// `keep` says that the containers are meant to outlive this program.
    pub fn new(ctx: &Context, id: &str, image: &str, port: u16, keep: bool) -> Result<Self> {
        let docker = connect(ctx)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let version = runtime.block_on(docker.version())?.version.unwrap_or_default();
        let engine = Self {
            docker,
            runtime,
            version,
            image: image.to_owned(),
            id: format!("portbook-smoke-{id}"),
            host_port: port,
            base_url: None,
            parts: BTreeMap::new(),
            ctx: ctx.clone(),
            owner: if keep { "kept".to_owned() } else { std::process::id().to_string() },
            kept: false,
            removes_image: false,
        };
        engine.sweep()?;
        engine.wait(engine.docker.create_volume(VolumeCreateRequest {
            name: Some(engine.id.clone()),
            labels: Some(engine.label()),
            ..Default::default()
        }))?;
        Ok(engine)
    }

    fn wait<T>(&self, call: impl Future<Output = Result<T, bollard::errors::Error>>) -> Result<T> {
        Ok(self.runtime.block_on(call)?)
    }

    /// Whether the image's name goes when this value is dropped.
    pub fn remove_image_too(&mut self, yes: bool) {
        self.removes_image = yes;
    }

    /// What the engine knows about the image.
    pub fn image(&self) -> Result<ImageInspect> {
        self.wait(self.docker.inspect_image(&self.image))
    }

    /// What the engine knows about a part's container.
    pub fn inspect(&self, role: Role) -> Result<ContainerInspectResponse> {
        let name = self.parts.get(&role).with_context(|| format!("the {} was not started", role.name()))?;
        self.wait(self.docker.inspect_container(name, None::<InspectContainerOptions>))
    }

    /// Removes the containers and volumes of runs whose process is gone.
    fn sweep(&self) -> Result<()> {
        let filters = || Some(HashMap::from([("label".to_owned(), vec![LABEL.to_owned()])]));
        let dead = |labels: Option<&HashMap<String, String>>| {
            let pid = labels.and_then(|labels| labels.get(LABEL));
            pid.is_some_and(|pid| pid != "kept" && !Path::new("/proc").join(pid).exists())
        };
        // Without /proc nothing is known about other runs, and nothing of theirs is touched.
        if !Path::new("/proc/self").exists() {
            return Ok(());
        }
        let options = ListContainersOptions { all: true, filters: filters(), ..Default::default() };
        for container in self.wait(self.docker.list_containers(Some(options)))? {
            if let (true, Some(id)) = (dead(container.labels.as_ref()), &container.id) {
                self.remove(id);
            }
        }
        let volumes = self.wait(self.docker.list_volumes(Some(ListVolumesOptions { filters: filters() })))?;
        for volume in volumes.volumes.unwrap_or_default() {
            if dead(Some(&volume.labels)) {
                let _ = self.wait(self.docker.remove_volume(&volume.name, None::<RemoveVolumeOptions>));
            }
        }
        Ok(())
    }

    fn label(&self) -> HashMap<String, String> {
        HashMap::from([(LABEL.to_owned(), self.owner.clone())])
    }

    fn remove(&self, container: &str) {
        let options = RemoveContainerOptions { force: true, v: true, ..Default::default() };
        // Another run may be removing the same leftover at this moment.
        let _ = self.wait(self.docker.remove_container(container, Some(options)));
    }

    fn create(&self, name: &str, args: &[&str], publish: bool) -> Result<()> {
        let binding = PortBinding {
            host_ip: Some("127.0.0.1".to_owned()),
            host_port: Some(if self.host_port == 0 { String::new() } else { self.host_port.to_string() }),
        };
        let body = ContainerCreateBody {
            image: Some(self.image.clone()),
            cmd: Some(args.iter().map(|&arg| arg.to_owned()).collect()),
            labels: Some(self.label()),
            exposed_ports: publish.then(|| vec![PORT.to_owned()]),
            host_config: Some(HostConfig {
                binds: Some(vec![format!("{}:/data", self.id)]),
                readonly_rootfs: Some(true),
                cap_drop: Some(vec!["ALL".to_owned()]),
                security_opt: Some(vec!["no-new-privileges".to_owned()]),
                port_bindings: publish.then(|| HashMap::from([(PORT.to_owned(), Some(vec![binding]))])),
                ..Default::default()
            }),
            ..Default::default()
        };
        let options = CreateContainerOptions { name: Some(name.to_owned()), ..Default::default() };
        self.wait(self.docker.create_container(Some(options), body))
            .with_context(|| format!("cannot create a container of {}", self.image))?;
        let started = self.wait(self.docker.start_container(name, None::<StartContainerOptions>));
        if let Err(error) = started {
            self.remove(name);
            let text = format!("{error:#}");
            if text.contains("port is already allocated") || text.contains("address already in use") {
                return Err(Problem::new(
                    Exit::Failed,
                    format!("127.0.0.1:{} is taken by another program", self.host_port),
                )
                .next("cargo xtask smoke without --port, which takes a free one")
                .into());
            }
            return Err(error.context(format!("cannot start a container of {}", self.image)));
        }
        Ok(())
    }

    fn exit_code(&self, name: &str) -> Result<Option<Option<i64>>> {
        let seen = self.wait(self.docker.inspect_container(name, None::<InspectContainerOptions>))?;
        let state = seen.state.context("the engine told no state")?;
        Ok((state.running == Some(false) && state.finished_at.is_some() && state.exit_code.is_some())
            .then_some(state.exit_code))
    }

    fn output(&self, name: &str, lines: &str) -> Result<(String, String)> {
        let options =
            LogsOptions { stdout: true, stderr: true, tail: lines.to_owned(), ..Default::default() };
        self.runtime.block_on(async {
            let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
            let mut stream = std::pin::pin!(self.docker.logs(name, Some(options)));
            while let Some(chunk) = stream.next().await {
                match chunk? {
                    LogOutput::StdErr { message } => stderr.extend_from_slice(&message),
                    LogOutput::StdOut { message }
                    | LogOutput::Console { message }
                    | LogOutput::StdIn { message } => {
                        stdout.extend_from_slice(&message);
                    }
                }
            }
            let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
            Ok((text(stdout), text(stderr)))
        })
    }
}

impl Engine for DockerEngine {
    fn describe(&self) -> String {
        format!("containers of {} on Docker {}", self.image, self.version)
    }

    fn name(&self) -> &'static str {
        "docker"
    }

    fn run_once(&mut self, args: &[&str]) -> Result<Finished> {
        let name = format!("{}-once", self.id);
        self.create(&name, args, false)?;
        let began = Instant::now();
        let code = loop {
            if let Some(code) = self.exit_code(&name)? {
                break code;
            }
            if self.ctx.stop.requested() || began.elapsed() > BOUND {
                self.remove(&name);
                self.ctx.stop.check()?;
                bail!("{} {} did not end within {} s", self.image, args.join(" "), BOUND.as_secs());
            }
            std::thread::sleep(xtask::process::POLL);
        };
        let output = self.output(&name, "all");
        self.remove(&name);
        let (stdout, stderr) = output?;
        Ok(Finished { code, stdout, stderr })
    }

    fn start(&mut self, role: Role) -> Result<()> {
        let name = format!("{}-{}", self.id, role.name());
        self.parts.insert(role, name.clone());
        self.create(&name, &[role.name()], role == Role::Server)?;
        if role == Role::Server {
            let seen = self.inspect(role)?;
            let ports = seen.network_settings.and_then(|network| network.ports).unwrap_or_default();
            let port = ports
                .get(PORT)
                .cloned()
                .flatten()
                .and_then(|bindings| bindings.into_iter().next()?.host_port);
            let port = port.with_context(|| {
                format!("the engine published no port; the container's log:\n{}", self.logs(role, 20))
            })?;
            self.base_url = Some(format!("http://127.0.0.1:{port}"));
        }
        Ok(())
    }

    fn base_url(&self) -> Result<String> {
        self.base_url.clone().context("the server was not started")
    }

    fn ended(&mut self, role: Role) -> Result<Option<Option<i64>>> {
        let name = self.parts.get(&role).with_context(|| format!("the {} was not started", role.name()))?;
        self.exit_code(name)
    }

    fn stop(&mut self, role: Role, grace: Duration) -> Result<Option<i64>> {
        let name = self.parts.get(&role).with_context(|| format!("the {} was not started", role.name()))?;
        let seconds = i32::try_from(grace.as_secs()).unwrap_or(i32::MAX);
        let options = StopContainerOptions { t: Some(seconds), ..Default::default() };
        self.wait(self.docker.stop_container(name, Some(options)))?;
        Ok(self.exit_code(name)?.flatten())
    }

    fn logs(&self, role: Role, lines: usize) -> String {
        let Some(name) = self.parts.get(&role) else {
            return String::new();
        };
        // A container that could not be made has no log.
        let (stdout, stderr) = self.output(name, &lines.to_string()).unwrap_or_default();
        format!("{stdout}{stderr}")
    }

    fn how_to_remove(&self) -> String {
        let names: Vec<&str> = self.parts.values().map(String::as_str).collect();
        format!("docker rm --force {} && docker volume rm {}", names.join(" "), self.id)
    }

    fn keep(&mut self) {
        self.kept = true;
    }

    fn container(&self) -> Option<&DockerEngine> {
        Some(self)
    }
}

impl Drop for DockerEngine {
    fn drop(&mut self) {
        if self.kept {
            return;
        }
        for name in self.parts.values() {
            self.remove(name);
        }
        self.remove(&format!("{}-once", self.id));
        let _ = self.wait(self.docker.remove_volume(&self.id, None::<RemoveVolumeOptions>));
        if self.removes_image {
            let _ = self.wait(self.docker.remove_image(&self.image, None::<RemoveImageOptions>, None));
        }
    }
}
