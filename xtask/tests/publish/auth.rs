//! Who may do what, and what is said when they may not. No secret shows anywhere.

use crate::Checked;
use crate::layout::Recipe;
use crate::proxy::{Act, Proxy, Seen};
use crate::registry::{PASSWORD, USER, basic};
use crate::support::Ran;
use crate::world::World;
use std::os::unix::fs::PermissionsExt as _;

const TOKEN: &str = "tok-9d1f4c77aa";

/// Publishes with these variables; the outcome, in which none of these secrets shows.
fn publish(world: &World, env: &[(&str, &str)], secrets: &[&str]) -> Ran {
    let layout = world.artefact(&Recipe::new(&world.head()));
    let image = world.image();
    let summary = world.home("summary.md");
    let mut command = world.anonymous(&world.publish_args(&layout, &image, &["latest"]));
    command.envs(env.iter().copied()).env("GITHUB_STEP_SUMMARY", &summary).env("RUST_BACKTRACE", "1");
    let ran = Ran::of(command.output().unwrap());
    let mut text = format!("{ran:?}{}", std::fs::read_to_string(summary).unwrap_or_default());
    for entry in std::fs::read_dir(world.fixture.path("target/xtask/evidence")).unwrap() {
        text += &std::fs::read_to_string(entry.unwrap().path()).unwrap();
    }
    for secret in secrets.iter().chain(&[PASSWORD, basic().trim_start_matches("Basic ")]) {
        assert!(!text.contains(secret), "a secret shows: {text}");
    }
    ran
}

const LOGIN: [(&str, &str); 2] = [("PORTBOOK_REGISTRY_USER", USER), ("PORTBOOK_REGISTRY_PASSWORD", PASSWORD)];

pub fn a_wrong_password() -> Checked {
    let wrong = "not-the-passw0rd";
    let env = [("PORTBOOK_REGISTRY_USER", USER), ("PORTBOOK_REGISTRY_PASSWORD", wrong)];
    publish(&World::new(), &env, &[wrong])
        .expect(4, &["does not accept the user or password", "PORTBOOK_REGISTRY_USER", "docker login"]);
    Ok(())
}

pub fn no_credentials() -> Checked {
    publish(&World::new(), &[], &[]).expect(4, &["there are no credentials", "config.json", "docker login"]);
    Ok(())
}

pub fn credentials_of_docker_login() -> Checked {
    let world = World::new();
    let dir = world.home(".docker");
    std::fs::create_dir_all(&dir).unwrap();
    let auth = basic().trim_start_matches("Basic ").to_owned();
    let config = serde_json::json!({"auths": {world.host.to_string(): {"auth": auth}}});
    std::fs::write(dir.join("config.json"), config.to_string()).unwrap();
    publish(&world, &[], &[]).expect(0, &[]);
    Ok(())
}

pub fn credentials_of_a_helper() -> Checked {
    let world = World::new();
    let dir = world.home("config");
    std::fs::create_dir_all(&dir).unwrap();
    let host = world.host.to_string();
    std::fs::write(dir.join("config.json"), serde_json::json!({"credHelpers": {host: "porter"}}).to_string())
        .unwrap();
    let script =
        format!("#!/bin/sh\ncat >/dev/null\necho '{{\"Username\":\"{USER}\",\"Secret\":\"{PASSWORD}\"}}'\n");
    let helper = dir.join("docker-credential-porter");
    std::fs::write(&helper, script).unwrap();
    std::fs::set_permissions(&helper, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", dir.display(), std::env::var("PATH").unwrap());
    publish(&world, &[("DOCKER_CONFIG", dir.to_str().unwrap()), ("PATH", &path)], &[]).expect(0, &[]);
    Ok(())
}

/// A token service in front of the registry. `judge` answers for a request that brings a token.
fn token_service(judge: impl Fn(&Seen) -> Act + Send + 'static) -> Proxy {
    let proxy = Proxy::start();
    let address = proxy.address;
    proxy.rule(move |_, seen| {
        if seen.target.starts_with("/token") {
            return match seen.authorization == basic() {
                true => Act::Answer(
                    "200 OK".to_owned(),
                    format!(r#"{{"token":"{TOKEN}","expires_in":300}}"#).into_bytes(),
                ),
                false => Act::Answer("401 Unauthorized".to_owned(), seen.authorization.clone().into_bytes()),
            };
        }
        match seen.authorization.as_str() {
            "" => challenge(address, ""),
            _ => judge(seen),
        }
    });
    proxy
}

fn challenge(address: std::net::SocketAddr, error: &str) -> Act {
    let error = if error.is_empty() { String::new() } else { format!(",error=\"{error}\"") };
    let head = format!(
        "401 Unauthorized\r\nWWW-Authenticate: Bearer realm=\"http://{address}/token\",service=\"test\",\
        scope=\"repository:team/app:pull,push\"{error}"
    );
    Act::Answer(head, Vec::new())
}

pub fn a_token_is_fetched_and_used() -> Checked {
    let proxy = token_service(|_| Act::Pass);
    let world = World::behind(proxy.address);
    publish(&world, &LOGIN, &[TOKEN]).expect(0, &[]);
    let asked = proxy.seen().into_iter().filter(|seen| seen.target.starts_with("/token")).collect::<Vec<_>>();
    assert_eq!(asked.len(), 1, "one token is enough");
    assert!(
        asked[0].target.contains("scope=repository%3A") && asked[0].target.contains("pull%2Cpush"),
        "{asked:?}"
    );
    world.direct.assert_whole();
    Ok(())
}

pub fn a_wrong_password_at_the_token_service() -> Checked {
    let proxy = token_service(|_| Act::Pass);
    let env = [("PORTBOOK_REGISTRY_USER", USER), ("PORTBOOK_REGISTRY_PASSWORD", "an0ther-one")];
    publish(&World::behind(proxy.address), &env, &["an0ther-one"])
        .expect(4, &["does not accept the user or password"]);
    Ok(())
}

pub fn an_expired_token() -> Checked {
    let proxy = Proxy::start();
    let address = proxy.address;
    proxy.rule(move |_, seen| match seen.target.starts_with("/token") {
        true => Act::Answer("200 OK".to_owned(), format!(r#"{{"token":"{TOKEN}"}}"#).into_bytes()),
        false if seen.authorization.is_empty() => challenge(address, ""),
        false => challenge(address, "invalid_token"),
    });
    publish(&World::behind(address), &LOGIN, &[TOKEN])
        .expect(4, &["does not accept the token", "expired", "docker login"]);
    Ok(())
}

/// A token that ends in the middle is replaced, and the call goes on.
pub fn a_token_that_expires_on_the_way() -> Checked {
    let proxy = Proxy::start();
    let address = proxy.address;
    let (mut tokens, mut uses) = (0, 0);
    proxy.rule(move |_, seen| {
        if seen.target.starts_with("/token") {
            (tokens, uses) = (tokens + 1, 0);
            return Act::Answer(
                "200 OK".to_owned(),
                format!(r#"{{"token":"{TOKEN}-{tokens}"}}"#).into_bytes(),
            );
        }
        uses += 1;
        match seen.authorization == format!("Bearer {TOKEN}-{tokens}") && uses < 5 {
            true => Act::Pass,
            false => challenge(address, "invalid_token"),
        }
    });
    let world = World::behind(address);
    publish(&world, &LOGIN, &[TOKEN]).expect(0, &[]);
    world.direct.assert_whole();
    Ok(())
}

pub fn a_token_that_may_only_read() -> Checked {
    let proxy = token_service(|seen| match seen.method.as_str() {
        "GET" | "HEAD" => Act::Pass,
        // Echoes what it was sent, as a careless service would.
        _ => Act::Answer(
            "403 Forbidden".to_owned(),
            format!(r#"{{"errors":[{{"code":"DENIED","message":"no push with {}"}}]}}"#, seen.authorization)
                .into_bytes(),
        ),
    });
    let world = World::behind(proxy.address);
    let scope = format!("repository:{}:pull,push", world.direct.name);
    publish(&world, &LOGIN, &[TOKEN]).expect(4, &["denied", "lack the scope", &scope]);
    // The other way in which registries say it.
    let proxy = Proxy::start();
    let address = proxy.address;
    proxy.rule(move |_, seen| match (seen.target.starts_with("/token"), seen.method.as_str()) {
        (true, _) => {
            Act::Answer("200 OK".to_owned(), format!(r#"{{"access_token":"{TOKEN}"}}"#).into_bytes())
        }
        _ if seen.authorization.is_empty() => challenge(address, ""),
        (_, "GET" | "HEAD") => Act::Pass,
        _ => challenge(address, "insufficient_scope"),
    });
    publish(&World::behind(address), &LOGIN, &[TOKEN])
        .expect(4, &["lack the scope", "repository:team/app:pull,push"]);
    Ok(())
}

pub fn an_unknown_repository() -> Checked {
    let proxy = Proxy::start();
    let body = br#"{"errors":[{"code":"NAME_UNKNOWN","message":"The repository does not exist"}]}"#;
    proxy.rule(|_, seen| match (seen.authorization.is_empty(), seen.method.as_str()) {
        (false, "POST") => Act::Answer("404 Not Found".to_owned(), body.to_vec()),
        _ => Act::Pass,
    });
    let world = World::behind(proxy.address);
    publish(&world, &LOGIN, &[]).expect(4, &["has no repository", &world.direct.name]);
    Ok(())
}

/// A registry that says one digest and means another, in each of the ways there are.
pub fn a_registry_that_lies() -> Checked {
    let other = evidence::Digest::of(b"another").to_string();
    let replace = |answer: Vec<u8>, other: &str| {
        let text = String::from_utf8(answer).unwrap();
        let (start, end) = match text.find("Docker-Content-Digest: ") {
            Some(at) => (at + 23, at + 23 + 71),
            None => return text.into_bytes(),
        };
        format!("{}{other}{}", &text[..start], &text[end..]).into_bytes()
    };
    // What it was sent is something else; what it serves is; what a tag names is.
    for (method, part) in [("PUT", "/blobs/uploads/"), ("PUT", "/manifests/"), ("GET", "/manifests/latest")] {
        let proxy = Proxy::start();
        let other = other.clone();
        proxy.rule(move |_, seen| {
            let other = other.clone();
            match seen.method == method && seen.target.contains(part) {
                true => Act::Change(Box::new(move |answer| replace(answer, &other))),
                false => Act::Pass,
            }
        });
        publish(&World::behind(proxy.address), &LOGIN, &[])
            .expect(1, &["does not tell the truth", "expected sha256:"]);
    }
    // A tag that reads back as something that was never put there.
    let proxy = Proxy::start();
    let world = World::behind(proxy.address);
    let own = format!("/manifests/sha-{}", &world.head()[..7]);
    let mut put = false;
    proxy.rule(move |_, seen| {
        put |= seen.method == "PUT" && seen.target.ends_with(&own);
        match put && seen.method == "GET" && seen.target.ends_with(&own) {
            true => Act::Answer(
                "200 OK\r\nContent-Type: application/vnd.oci.image.index.v1+json".to_owned(),
                br#"{"schemaVersion":2,"manifests":[]}"#.to_vec(),
            ),
            false => Act::Pass,
        }
    });
    publish(&world, &LOGIN, &[]).expect(1, &["reads back as", "does not keep what it accepts"]);
    Ok(())
}

pub fn a_registry_that_is_not_there() -> Checked {
    // Nothing listens on port 1.
    let world = World::behind(([127, 0, 0, 1], 1).into());
    publish(&world, &LOGIN, &[]).expect(4, &["127.0.0.1:1 does not answer", "asked 5 times"]);
    Ok(())
}
