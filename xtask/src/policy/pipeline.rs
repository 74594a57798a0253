//! `pipeline.yml`: the policy as data.

use super::environment::Environments;
use super::gate::GatePolicy;
use super::tags::{self, Refusal, Rules};
use crate::error::Problem;
use anyhow::Result;
use evidence::Name;
use serde::Deserialize;
use std::path::Path;

/// The whole file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pipeline {
    /// The project's name in the ledger.
    pub project: Name,
    /// The production image.
    pub image: Image,
    /// The share of the back-end's lines, in per cent, that its tests must reach.
    pub coverage_floor: u8,
    /// The branch that `latest` comes from, where no event names it.
    #[serde(default = "main")]
    pub default_branch: String,
    /// The rules that make tags, as docker/metadata-action writes them.
    #[serde(default)]
    tags: serde_yaml::Value,
    /// What holds for all tags.
    #[serde(default)]
    flavor: serde_yaml::Value,
    /// What may be published.
    #[serde(default)]
    gate: GatePolicy,
    /// Where the image is deployed.
    #[serde(default)]
    environments: serde_yaml::Mapping,
    /// How migrations are judged.
    #[serde(default)]
    pub migrations: Migrations,
    /// The jobs of `cargo xtask ci`, in order, each with the path prefixes that concern it.
    jobs: serde_yaml::Mapping,
}

/// The production image.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Image {
    /// The registry's host.
    pub registry: String,
    /// The repository in that registry.
    pub repository: String,
    /// The platforms of the artefact that CI builds, such as `linux/arm64`; none: the builder's own alone.
    #[serde(default)]
    pub platforms: Vec<String>,
    /// The compressed size that is accepted, in megabytes (10^6 bytes).
    pub max_megabytes: u64,
}

/// How migrations are judged.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Migrations {
    /// The first number that the rules hold for; what is older was made before them and is only read.
    #[serde(default)]
    pub since: u32,
    /// The tables that grow without bound, so that nothing may read or write all of one under a lock.
    #[serde(default)]
    pub big_tables: Vec<String>,
}

fn main() -> String {
    "main".to_owned()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JobPaths {
    paths: Vec<String>,
}

impl Pipeline {
    /// Reads `pipeline.yml` in the root folder.
    ///
    /// # Errors
    /// Exit 2, naming the line, when the file is not of this form.
    pub fn read(root: &Path) -> Result<Self> {
        let path = root.join("pipeline.yml");
        let text = std::fs::read_to_string(&path)
            .map_err(|error| Problem::usage(format!("cannot read {}: {error}", path.display())))?;
        Self::parse(&text).map_err(|error| Problem::usage(format!("pipeline.yml: {error}")).into())
    }

    fn parse(text: &str) -> Result<Self> {
        let pipeline: Self = serde_yaml::from_str(text)?;
        pipeline.jobs()?;
        pipeline.rules()?;
        pipeline.environments()?;
        Ok(pipeline)
    }

    /// The rules that make tags, for the production image.
    ///
    /// # Errors
    /// Names the line that is wrong.
    pub fn rules(&self) -> Result<Rules, Refusal> {
        let image = format!("{}/{}", self.image.registry, self.image.repository);
        let tags = tags::lines("tags", self.tags.clone())?;
        let flavor = tags::lines("flavor", self.flavor.clone())?;
        Rules::new(&[image], &tags, &flavor, &[])
    }

    /// Where the image is deployed.
    ///
    /// # Errors
    /// Exit 2, naming the environment and what is wrong with it.
    pub fn environments(&self) -> Result<Environments> {
        let parsed = Environments::parse(&self.environments);
        parsed.map_err(|why| Problem::usage(format!("pipeline.yml, environments: {why}")).into())
    }

    /// What may be published. Unless other checks are named, every job must have passed.
    pub fn gate(&self) -> Result<GatePolicy> {
        let mut gate = self.gate.clone();
        if gate.required.is_empty() {
            gate.required = self.jobs()?.into_iter().map(|(name, _)| name).collect();
        }
        Ok(gate)
    }

    /// The jobs' names in order, each with the path prefixes that concern it.
    pub fn jobs(&self) -> Result<Vec<(String, Vec<String>)>> {
        let mut jobs = Vec::new();
        for (name, body) in &self.jobs {
            let name: String = serde_yaml::from_value(name.clone())?;
            let body: JobPaths = serde_yaml::from_value(body.clone())?;
            jobs.push((name, body.paths));
        }
        Ok(jobs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repositorys_own_policy_is_readable_and_its_jobs_keep_their_order() {
        let pipeline = Pipeline::read(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))).unwrap();
        let names: Vec<_> = pipeline.jobs().unwrap().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["backend-quality", "frontend-quality", "image", "smoke-e2e", "policy"]);
        assert_eq!(pipeline.image.repository, pipeline.image.repository.to_lowercase());
    }

    #[test]
    fn a_typing_mistake_is_named() {
        let error = Pipeline::parse("project: p\nimagee: {}\n").unwrap_err().to_string();
        assert!(error.contains("imagee"), "{error}");
    }
}
