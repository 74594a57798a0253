//! An engine of its own, in a container of the one at hand: it may be started again, and its disk may fill up.
//!
//! It is the program of this machine, with this machine's programs around it, so it is the version that everything else is
//! tested on.

use crate::engine::{ENVIRONMENT_IMAGES, Engine, LABEL};
use crate::registry::{address, docker};
use crate::world::until;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

/// Its disk, in bytes: what the images of an environment take, and as much again.
const DISK: u64 = 1_800_000_000;

/// The engine, for as long as this lives.
pub struct Second {
    container: String,
    folder: tempfile::TempDir,
}

impl Drop for Second {
    fn drop(&mut self) {
        let outer = Engine::default();
        let _ =
            outer.docker().args(["rm", "--force", "--volumes", &self.container, &self.forwarder()]).output();
    }
}

/// What keeps the engine running: whoever ends it starts it again.
const KEEP: &str = r"
# Containers get control groups below this one's, which may then hold no process itself.
if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
    mkdir -p /sys/fs/cgroup/init
    xargs -rn1 </sys/fs/cgroup/cgroup.procs >/sys/fs/cgroup/init/cgroup.procs 2>/dev/null
    sed -e 's/ / +/g' -e 's/^/+/' </sys/fs/cgroup/cgroup.controllers >/sys/fs/cgroup/cgroup.subtree_control
fi
while :; do
    while [ -e /second/hold ]; do sleep 0.1; done
    dockerd --host=unix:///second/docker.sock --group=0 --data-root=/data --feature=containerd-snapshotter=true
    sleep 0.2
done
";

/// The program, where this machine has it.
fn program() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let more = ["/opt/portbook-engine/bin", "/usr/sbin", "/usr/bin"].map(PathBuf::from);
    std::env::split_paths(&path).chain(more).map(|folder| folder.join("dockerd")).find(|file| file.is_file())
}

/// What is missing for it, if anything is.
pub fn lack() -> Option<String> {
    program().is_none().then(|| "the engine's own program, dockerd, is not on this machine".to_owned())
}

impl Second {
    /// Starts it. What its containers publish on `ports` is published on this machine.
    pub fn start(ports: &[u16]) -> Self {
        let outer = Engine::default();
        let folder = tempfile::tempdir().unwrap();
        let program = program().expect("dockerd");
        let path = format!("PATH={}:/usr/sbin:/usr/bin", program.parent().unwrap().display());
        let shared = format!("{}:/second", folder.path().display());
        let data = format!("/data:size={DISK},exec");
        let label = format!("{LABEL}={}", std::process::id());
        let published: Vec<String> =
            ports.iter().map(|port| format!("--publish=127.0.0.1:{port}:{port}")).collect();
        let mut args =
            vec!["run", "--detach", "--privileged", "--env", &path, "--volume", &shared, "--label", &label];
        args.extend(["--tmpfs", &data, "--tmpfs", "/run", "--tmpfs", "/tmp"]);
        let own: Vec<String> = ["/usr", "/opt", "/etc/alternatives"]
            .into_iter()
            .filter(|path| Path::new(path).is_dir())
            .map(|path| format!("--volume={path}:{path}:ro"))
            .collect();
        args.extend(own.iter().chain(&published).map(String::as_str));
        args.extend(["debian:bookworm-slim", "sh", "-c", KEEP]);
        let second = Self { container: outer.ask(&args), folder };
        second.until_it_answers();
        second.bring(&ENVIRONMENT_IMAGES);
        second.reach(&outer);
        second
    }

    /// The engine, to be asked.
    pub fn engine(&self) -> Engine {
        Engine { host: Some(format!("unix://{}/docker.sock", self.folder.path().display())) }
    }

    fn until_it_answers(&self) {
        let engine = self.engine();
        until("the second engine answers", Duration::from_secs(60), || {
            engine.docker().arg("version").output().is_ok_and(|output| output.status.success())
        });
    }

    /// Brings images from the engine at hand.
    fn bring(&self, images: &[&str]) {
        let mut save = docker().arg("save").args(images).stdout(Stdio::piped()).spawn().unwrap();
        let load = self.engine().docker().arg("load").stdin(save.stdout.take().unwrap()).output().unwrap();
        assert!(load.status.success(), "{}", String::from_utf8_lossy(&load.stderr));
        assert!(save.wait().unwrap().success());
    }

    fn forwarder(&self) -> String {
        format!("pbtest-forward-{}", &self.container[..12])
    }

    /// Has the registry answer it at the address at which this machine has it: to an engine only an address of its own
    /// machine needs no certificate.
    fn reach(&self, outer: &Engine) {
        let port = address().port();
        let published = format!("publish={port}");
        let registry = outer.ask(&["ps", "--quiet", "--filter", &published]);
        let address_of = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
        let ip = outer.ask(&["inspect", "--format", address_of, &registry]);
        let config = format!(
            "printf 'defaults\\n timeout connect 5s\\n timeout client 60s\\n timeout server 60s\\n\
             listen registry\\n bind 127.0.0.1:{port}\\n server registry {ip}:5000\\n' >/tmp/forward.cfg && \
             exec haproxy -f /tmp/forward.cfg"
        );
        let network = format!("container:{}", self.container);
        let label = format!("{LABEL}={}", std::process::id());
        let name = self.forwarder();
        let run = ["run", "--detach", "--name", &name, "--network", &network, "--label", &label];
        outer.ask(&[&run[..], &["haproxy:3.0", "sh", "-c", &config]].concat());
    }

    /// Ends it, and its containers with it, for as long as it is held.
    pub fn hold(&self) {
        std::fs::write(self.held(), "").unwrap();
        let outer = Engine::default();
        outer.ask(&["exec", &self.container, "pkill", "-TERM", "-x", "dockerd"]);
        until("the second engine has ended", Duration::from_secs(60), || {
            !outer
                .docker()
                .args(["exec", &self.container, "pgrep", "-x", "dockerd"])
                .output()
                .unwrap()
                .status
                .success()
        });
    }

    /// Starts it again, and its containers with it.
    pub fn release(&self) {
        std::fs::remove_file(self.held()).unwrap();
        self.until_it_answers();
    }

    /// Starts it again, as whoever updates it does.
    pub fn restart(&self) {
        self.hold();
        self.release();
    }

    fn held(&self) -> PathBuf {
        self.folder.path().join("hold")
    }

    /// Fills its disk but for so many bytes.
    pub fn fill(&self, but: u64) {
        let script = format!(
            "free=$(df --output=avail --block-size=1 /data | tail -n 1) && fallocate -l $((free - {but})) /data/filler"
        );
        Engine::default().ask(&["exec", &self.container, "sh", "-c", &script]);
    }

    /// Takes away what filled it.
    pub fn empty(&self) {
        Engine::default().ask(&["exec", &self.container, "rm", "--force", "/data/filler"]);
    }
}
