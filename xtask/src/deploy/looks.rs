//! What is looked at to say that a version does its work: the same from a candidate, and from what users reach.

use crate::context::{Context, Stop};
use crate::net;
use crate::patience::rest;
use crate::target::image::Pinned;
use crate::target::{Answer, Slot, Target};
use anyhow::Result;
use std::time::{Duration, Instant};

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(100);

/// The longest that an answer from outside may take.
const OUTSIDE: Duration = Duration::from_secs(10);

/// Looks until everything is right, for `limit` at most since the first answer that was wrong; what was wrong at last. An
/// answer may be wrong because it came late, and then there shall be time for another.
pub fn until_right(
    target: &dyn Target,
    stop: &Stop,
    slot: Option<Slot>,
    image: &Pinned,
    limit: Duration,
) -> Result<(), String> {
    let mut first = None;
    loop {
        let wrong = match look(&|paths| target.get(slot, paths), image) {
            Ok(()) => return Ok(()),
            Err(wrong) => wrong,
        };
        if first.get_or_insert_with(Instant::now).elapsed() >= limit || !rest(stop, PAUSE) {
            return Err(wrong);
        }
    }
}

/// What is asked for, and the status codes that are right. A ledger whose board is not public asks for a token.
const LOOKS: &[(&str, &[u16])] =
    &[("/readyz", &[200]), ("/version", &[200]), ("/", &[200]), ("/v1/board", &[200, 401])];

/// What is looked at, for people.
pub fn looks_shown() -> String {
    let paths: Vec<&str> = LOOKS.iter().map(|(path, _)| *path).collect();
    paths.join(", ")
}

/// Looks once at everything; what is wrong first. `get` answers for each path.
pub fn look(get: &dyn Fn(&[&str]) -> Result<Vec<Answer>>, image: &Pinned) -> Result<(), String> {
    let paths: Vec<&str> = LOOKS.iter().map(|(path, _)| *path).collect();
    let answers = get(&paths).map_err(|error| format!("{error:#}"))?;
    for ((path, right), answer) in LOOKS.iter().zip(&answers) {
        if !right.contains(&answer.status) {
            let shown: String = answer.body.chars().take(300).collect();
            return Err(format!("GET {path} answers {}: {shown}", answer.status));
        }
        match *path {
            "/version" => runs(answer, image)?,
            "/" if !answer.body.to_ascii_lowercase().contains("<!doctype html") => {
                return Err("GET / gives no page".to_owned());
            }
            _ => {}
        }
    }
    Ok(())
}

/// Looks from outside, at the address that users have, until everything is right; what was wrong at last.
pub fn outside(ctx: &Context, url: &str, image: &Pinned) -> Result<(), String> {
    let base = url.trim_end_matches('/');
    let agent = net::agent(&ctx.env, base);
    let one = |path: &&str| {
        let request = agent.get(format!("{base}{path}")).config().timeout_global(Some(OUTSIDE)).build();
        let mut answer = request.call()?;
        let status = answer.status().as_u16();
        Ok(Answer { status, body: answer.body_mut().read_to_string()? })
    };
    let began = Instant::now();
    loop {
        match look(&|paths| paths.iter().map(one).collect(), image) {
            Err(_) if began.elapsed() < OUTSIDE && rest(&ctx.stop, PAUSE) => {}
            done => return done.map_err(|wrong| format!("{base}: {wrong}")),
        }
    }
}

/// Whether `/version` says that it is this image.
fn runs(answer: &Answer, image: &Pinned) -> Result<(), String> {
    let told: serde_json::Value =
        serde_json::from_str(&answer.body).map_err(|error| format!("GET /version is no JSON: {error}"))?;
    for (field, expected) in [("commit", image.commit.as_str()), ("image_digest", image.digest.as_str())] {
        let found = told[field].as_str();
        if found != Some(expected) {
            return Err(format!("/version says {field} {}, expected {expected}", found.unwrap_or("null")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use evidence::Digest;

    #[test]
    fn every_look_counts() {
        let image = Pinned {
            repository: "r.example/app".parse().unwrap(),
            digest: Digest::of(b"x"),
            reference: None,
            commit: "a".repeat(40).parse().unwrap(),
            version: "v1.2.3".to_owned(),
            schema: None,
        };
        let told = format!(r#"{{"commit":"{}","image_digest":"{}"}}"#, image.commit, image.digest);
        let other = told.replace("aa", "bb");
        let good = |path: &str| match path {
            "/version" => (200, told.as_str()),
            "/" => (200, "<!DOCTYPE html>"),
            _ => (200, ""),
        };
        let wrong = |path: &'static str, status: u16, body: &str| {
            let get = |asked: &&str| {
                let (status, body) = if *asked == path { (status, body) } else { good(asked) };
                Ok(Answer { status, body: body.to_owned() })
            };
            look(&|paths| paths.iter().map(get).collect(), &image).unwrap_err()
        };
        let right = |path: &&str| Ok(Answer { status: good(path).0, body: good(path).1.to_owned() });
        assert_eq!(look(&|paths| paths.iter().map(right).collect(), &image), Ok(()));
        assert!(wrong("/readyz", 503, "no database").contains("503: no database"));
        assert!(wrong("/version", 200, &other).contains("/version says commit bbbb"));
        assert!(wrong("/version", 200, "{}").contains("commit null"));
        assert!(wrong("/", 404, "").contains("GET / answers 404"));
        assert!(wrong("/", 200, "hello").contains("no page"));
        assert!(wrong("/v1/board", 500, "").contains("/v1/board answers 500"));
    }
}
