//! Who we are to a registry: from the environment, or from where `docker login` left it.
//!
//! Source: Docker's `config.json` (`auths`, `credsStore`, `credHelpers`) and the credential helpers' protocol.

use crate::context::Env;
use crate::error::Problem;
use crate::secret::Secret;
use anyhow::{Context as _, Result};
use base64::Engine as _;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// The variables that win over Docker's configuration.
pub const USER: &str = "PORTBOOK_REGISTRY_USER";
/// See [`USER`].
pub const PASSWORD: &str = "PORTBOOK_REGISTRY_PASSWORD";

/// Who we are, and where that was found.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// What is shown or exchanged.
    pub kind: Kind,
    /// Where it was found, for messages.
    pub source: String,
}

/// What is shown to the registry or exchanged for a token.
#[derive(Clone, Debug)]
pub enum Kind {
    /// Nobody.
    Anonymous,
    /// A user and a password or personal token.
    Password(String, Secret),
    /// A refresh token, which only the token service takes.
    Identity(Secret),
    /// A token that goes to the registry as it is.
    Bearer(Secret),
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct DockerConfig {
    auths: BTreeMap<String, Auth>,
    creds_store: Option<String>,
    cred_helpers: BTreeMap<String, String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Auth {
    auth: String,
    username: String,
    password: String,
    identitytoken: String,
    registrytoken: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Helped {
    #[serde(default)]
    username: String,
    #[serde(default)]
    secret: String,
}

/// Looks credentials for a registry's host up.
///
/// # Errors
/// When only half of them is in the environment, Docker's configuration cannot be read, or a helper fails.
pub fn look_up(env: &Env, host: &str) -> Result<Credentials> {
    match (env.get(USER), env.get(PASSWORD)) {
        (Some(user), Some(password)) => {
            let kind = Kind::Password(user.to_owned(), Secret::new(password));
            return Ok(Credentials { kind, source: format!("{USER} and {PASSWORD}") });
        }
        (None, None) => {}
        _ => {
            return Err(Problem::usage(format!(
                "{USER} and {PASSWORD} go together, and one of them is not set"
            ))
            .into());
        }
    }
    let anonymous = |source: String| Credentials { kind: Kind::Anonymous, source };
    let Some(path) = config_path(env) else {
        return Ok(anonymous("no Docker configuration: neither DOCKER_CONFIG nor HOME is set".to_owned()));
    };
    let source = path.display().to_string();
    let text = match std::fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(anonymous(format!("{source} does not exist")));
        }
        Err(error) => return Err(Problem::usage(format!("cannot read {source}: {error}")).into()),
    };
    // serde's own message may quote the text, and that holds passwords: only the place is told.
    let config: DockerConfig = serde_json::from_slice(&text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        Problem::usage(format!("{source} is not Docker's configuration: line {line}, column {column}"))
    })?;
    let helper = config.cred_helpers.get(host).or(config.creds_store.as_ref());
    if let Some(helper) = helper
        && let Some(kind) = ask_helper(env, helper, host)?
    {
        return Ok(Credentials { kind, source: format!("docker-credential-{helper}, named in {source}") });
    }
    match keys(host).iter().find_map(|key| config.auths.get(key)) {
        Some(auth) => Ok(Credentials { kind: of_auth(auth, &source, host)?, source }),
        None => Ok(anonymous(format!("{source} knows nothing of {host}"))),
    }
}

fn config_path(env: &Env) -> Option<PathBuf> {
    let dir = env.get("DOCKER_CONFIG").map(PathBuf::from);
    Some(dir.or_else(|| Some(PathBuf::from(env.get("HOME")?).join(".docker")))?.join("config.json"))
}

/// The keys under which a host may stand in `auths`, as different versions of the client wrote them.
fn keys(host: &str) -> Vec<String> {
    let mut keys: Vec<String> = ["", "https://", "http://"]
        .iter()
        .flat_map(|scheme| ["", "/", "/v1/", "/v2/"].map(|end| format!("{scheme}{host}{end}")))
        .collect();
    if matches!(host, "docker.io" | "registry-1.docker.io") {
        keys.push("https://index.docker.io/v1/".to_owned());
    }
    keys
}

fn of_auth(auth: &Auth, source: &str, host: &str) -> Result<Kind> {
    if !auth.registrytoken.is_empty() {
        return Ok(Kind::Bearer(Secret::new(&auth.registrytoken)));
    }
    if !auth.identitytoken.is_empty() {
        return Ok(Kind::Identity(Secret::new(&auth.identitytoken)));
    }
    if auth.auth.is_empty() && !auth.username.is_empty() {
        return Ok(Kind::Password(auth.username.clone(), Secret::new(&auth.password)));
    }
    if auth.auth.is_empty() {
        return Ok(Kind::Anonymous);
    }
    let wrong = || {
        Problem::usage(format!("{source}: the entry `auth` of {host} is not base64 of user:password"))
            .next(format!("docker login {host}"))
    };
    let bytes = base64::engine::general_purpose::STANDARD.decode(auth.auth.trim()).map_err(|_| wrong())?;
    let text = String::from_utf8(bytes).map_err(|_| wrong())?;
    let (user, password) = text.split_once(':').ok_or_else(wrong)?;
    Ok(Kind::Password(user.to_owned(), Secret::new(password.trim_end_matches('\0'))))
}

/// Asks a credential helper; none when it knows nothing of the host.
fn ask_helper(env: &Env, helper: &str, host: &str) -> Result<Option<Kind>> {
    let program = format!("docker-credential-{helper}");
    let missing = |why: String| {
        Problem::missing(format!(
            "the credential helper {program}, which Docker's configuration names, {why}"
        ))
        .next(format!("install {program}, or set {USER} and {PASSWORD}"))
    };
    let path = env.get("PATH").unwrap_or_default();
    let file =
        crate::tools::on_path(path, &program).ok_or_else(|| missing("is not on the PATH".to_owned()))?;
    let mut child = Command::new(file)
        .arg("get")
        .env_clear()
        .envs(env.iter())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| missing(format!("does not start: {error}")))?;
    let key = if host == "docker.io" { "https://index.docker.io/v1/" } else { host };
    if let Some(mut stdin) = child.stdin.take() {
        // A helper that needs no input may close it before it is written.
        let _ = stdin.write_all(key.as_bytes());
    }
    let output = child.wait_with_output().context("the credential helper")?;
    let stdout = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        if stdout.contains("credentials not found") {
            return Ok(None);
        }
        // What it printed may hold a secret; its exit code does not.
        return Err(missing(format!("failed with {}; run `{program} get` to see why", output.status)).into());
    }
    let helped: Helped =
        serde_json::from_str(&stdout).map_err(|_| missing("printed no credentials".to_owned()))?;
    Ok(Some(match helped.username.as_str() {
        "<token>" => Kind::Identity(Secret::new(helped.secret)),
        user => Kind::Password(user.to_owned(), Secret::new(helped.secret)),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn config(text: &str) -> (tempfile::TempDir, String) {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("config.json"), text).unwrap();
        let path = dir.path().to_str().unwrap().to_owned();
        (dir, path)
    }

    fn password(credentials: &Credentials) -> (&str, &str) {
        match &credentials.kind {
            Kind::Password(user, secret) => (user, secret.reveal()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_environment_wins_and_halves_are_refused() {
        let env = Env::from([(USER, "u"), (PASSWORD, "secret-p")]);
        let found = look_up(&env, "r.example").unwrap();
        assert_eq!(password(&found), ("u", "secret-p"));
        assert!(!format!("{found:?}").contains("secret-p"));
        assert!(look_up(&Env::from([(USER, "u")]), "r.example").is_err());
    }

    #[test]
    fn logins_are_found_under_every_spelling() {
        // alice:se:cret
        let text = r#"{"auths": {"https://r.example/v1/": {"auth": "YWxpY2U6c2U6Y3JldA=="}, "i.example": {"identitytoken": "tttt"}}}"#;
        let (_dir, path) = config(text);
        let env = Env::from([("DOCKER_CONFIG", path.as_str())]);
        assert_eq!(password(&look_up(&env, "r.example").unwrap()), ("alice", "se:cret"));
        assert!(matches!(look_up(&env, "i.example").unwrap().kind, Kind::Identity(_)));
        assert!(matches!(look_up(&env, "other.example").unwrap().kind, Kind::Anonymous));
    }

    #[test]
    fn a_damaged_configuration_is_not_quoted() {
        let (_dir, path) = config(r#"{"auths": {"r": {"auth": 12345678}}, "hunter2"#);
        let error = look_up(&Env::from([("DOCKER_CONFIG", path.as_str())]), "r").unwrap_err().to_string();
        assert!(
            error.contains("line 1") && !error.contains("hunter2") && !error.contains("12345678"),
            "{error}"
        );
    }

    #[test]
    fn helpers_are_asked_on_stdin() {
        let (dir, path) =
            config(r#"{"credHelpers": {"h.example": "t", "n.example": "t", "x.example": "absent"}}"#);
        let helper = dir.path().join("docker-credential-t");
        let script = "#!/bin/sh\nread -r host || true\n\
            case $host in h.example) echo '{\"Username\":\"bob\",\"Secret\":\"hunter2\"}' ;;\n\
            *) echo 'credentials not found in native keychain'; exit 1 ;; esac\n";
        std::fs::write(&helper, script).unwrap();
        std::fs::set_permissions(&helper, std::fs::Permissions::from_mode(0o755)).unwrap();
        let search = format!("{path}:/usr/bin:/bin");
        let env = Env::from([("DOCKER_CONFIG", path.as_str()), ("PATH", search.as_str())]);
        assert_eq!(password(&look_up(&env, "h.example").unwrap()), ("bob", "hunter2"));
        assert!(matches!(look_up(&env, "n.example").unwrap().kind, Kind::Anonymous));
        let error = look_up(&env, "x.example").unwrap_err().to_string();
        assert!(error.contains("docker-credential-absent"), "{error}");
    }
}
