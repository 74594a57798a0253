//! `pipeline.yml`, environments: where the image is deployed, and what is asked before.

use crate::error::{Problem, nearest};
use evidence::rules::{self, is_immutable};
use evidence::{Name, Tag};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// What an environment is deployed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TargetKind {
    /// Docker Compose, on an engine of this machine or another.
    Compose,
}

/// One environment.
#[derive(Clone, Debug)]
pub struct Environment {
    /// Its name: the key in the file.
    pub name: Name,
    /// What the file says of it.
    pub settings: Settings,
}

/// What the file says of an environment.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// What it is deployed to.
    pub target: TargetKind,
    /// Whether users rely on it: references that can move are refused.
    #[serde(default)]
    pub production: bool,
    /// The environment that a digest passes before.
    #[serde(default)]
    pub after: Option<Name>,
    /// Whose commits go there by themselves: `default` or a branch.
    #[serde(default)]
    pub follows: Option<String>,
    /// The Docker context of its engine; none: the one that `docker` itself would use.
    #[serde(default)]
    pub context: Option<String>,
    /// The Compose project; none: `<project>-<environment>`.
    #[serde(default)]
    pub compose_project: Option<String>,
    /// Variables for the Compose files. No secrets: the file is public.
    #[serde(default)]
    pub variables: BTreeMap<String, String>,
    /// The address that its users have; it is looked at from outside after a switch.
    #[serde(default)]
    pub url: Option<String>,
    /// The Docker contexts of the hosts that more workers run on.
    #[serde(default)]
    pub workers: Vec<String>,
    /// How long a new version is watched after the switch, while the old one still stands by.
    #[serde(default = "soak")]
    pub soak_seconds: u32,
    /// How long a new container may take to become healthy.
    #[serde(default = "health")]
    pub health_seconds: u32,
    /// How long a migration may take.
    #[serde(default = "migrate")]
    pub migrate_seconds: u32,
    /// How long a lock outlives the last sign of life of its holder.
    #[serde(default = "lock")]
    pub lock_seconds: u32,
}

fn soak() -> u32 {
    5
}

fn health() -> u32 {
    60
}

fn migrate() -> u32 {
    600
}

fn lock() -> u32 {
    60
}

/// All environments, in the order of the file.
#[derive(Clone, Debug, Default)]
pub struct Environments(Vec<Environment>);

impl Environments {
    /// Reads the section, and checks what one says of another.
    ///
    /// # Errors
    /// Names what is wrong, in words for people.
    pub fn parse(section: &serde_yaml::Mapping) -> Result<Self, String> {
        let mut all: Vec<Environment> = Vec::new();
        for (key, body) in section {
            let name: Name = serde_yaml::from_value(key.clone()).map_err(|error| error.to_string())?;
            let settings =
                serde_yaml::from_value(body.clone()).map_err(|error| format!("{name}: {error}"))?;
            all.push(Environment { name, settings });
        }
        for environment in &all {
            let Environment { name, settings: Settings { after, production, lock_seconds, .. } } =
                environment;
            if let Some(after) = after.as_ref().filter(|after| !all.iter().any(|it| it.name == **after)) {
                return Err(format!("{name}.after: there is no environment {after}"));
            }
            if *production && after.as_ref() == Some(name) {
                return Err(format!("{name}.after: it cannot come after itself"));
            }
            if *lock_seconds < 3 {
                return Err(format!("{name}.lock_seconds: expected 3 or more"));
            }
        }
        Ok(Self(all))
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Environment> {
        self.0.iter()
    }

    /// The one of this name.
    ///
    /// # Errors
    /// Exit 2 when there is none.
    pub fn named(&self, name: &Name) -> Result<&Environment, Problem> {
        self.0.iter().find(|it| it.name == *name).ok_or_else(|| {
            let names: Vec<&str> = self.0.iter().map(|it| it.name.as_str()).collect();
            let problem = Problem::usage(format!(
                "pipeline.yml has no environment {name}: expected one of {}",
                names.join(", ")
            ));
            match nearest(name.as_str(), names) {
                Some(near) => problem.next(format!("--env {near}")),
                None => problem,
            }
        })
    }

    /// What the rules ask of which environment.
    pub fn rules(&self) -> rules::Policy {
        let production: Vec<&Environment> = self.0.iter().filter(|it| it.settings.production).collect();
        rules::Policy {
            staging: production.iter().find_map(|it| it.settings.after.clone()),
            production: production.into_iter().map(|it| it.name.clone()).collect(),
        }
    }
}

impl Environment {
    /// The Compose project.
    pub fn compose_project(&self, project: &Name) -> String {
        self.settings.compose_project.clone().unwrap_or_else(|| format!("{project}-{}", self.name))
    }

    /// Why a tag cannot be deployed here; none when it can.
    pub fn refuses(&self, tag: &Tag) -> Option<String> {
        (self.settings.production && !is_immutable(tag)).then(|| {
            format!(
                "{} takes no tag that can move, and {tag} can: expected vX.Y.Z, sha-<7> or a digest",
                self.name
            )
        })
    }

    /// How long a lock outlives the last sign of life of its holder.
    pub fn lock_time(&self) -> Duration {
        Duration::from_secs(self.settings.lock_seconds.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Environments, String> {
        Environments::parse(&serde_yaml::from_str(text).unwrap())
    }

    #[test]
    fn production_takes_no_tag_that_can_move() {
        let all =
            parse("staging: {target: compose}\nprod: {target: compose, production: true, after: staging}\n")
                .unwrap();
        let [staging, prod] = ["staging", "prod"].map(|name| all.named(&name.parse().unwrap()).unwrap());
        for (tag, moves) in [
            ("latest", true),
            ("staging-latest", true),
            ("v1", true),
            ("v1.2", true),
            ("main", true),
            ("v1.2.3", false),
            ("sha-a1b2c3d", false),
        ] {
            let tag: Tag = tag.parse().unwrap();
            assert_eq!(prod.refuses(&tag).is_some(), moves, "{tag}");
            assert_eq!(staging.refuses(&tag), None, "{tag}");
        }
        let rules = all.rules();
        assert_eq!((rules.production.len(), rules.staging.as_ref().map(Name::as_str)), (1, Some("staging")));
    }

    #[test]
    fn mistakes_are_named() {
        for (text, says) in [
            ("prod: {target: compose, after: staging}", "prod.after: there is no environment staging"),
            ("prod: {target: compse}", "prod: "),
            ("prod: {target: compose, contxt: x}", "contxt"),
            ("prod: {target: compose, lock_seconds: 1}", "prod.lock_seconds"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
        let all = parse("staging: {target: compose}").unwrap();
        let error = all.named(&"stagin".parse().unwrap()).unwrap_err().to_string();
        assert!(error.contains("expected one of staging") && error.contains("--env staging"), "{error}");
    }
}
