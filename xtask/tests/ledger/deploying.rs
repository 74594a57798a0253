//! A deployment as far as the ledger hears of it: an image in a registry on loopback, and who wants to deploy it.

use crate::server::{Act, Server};
use crate::world::World;
use anyhow::Result;
use evidence::{Claim, Digest, Evidence, ImageRef, Name, Outcome};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use time::OffsetDateTime;
use xtask::context::{Context, Env, Output, Stop};
use xtask::deploy::verdict::{Asked, Ran, Said, Verdict, verdict};
use xtask::policy::Pipeline;
use xtask::registry::{Access, Repository};
use xtask::target::image::Pinned;

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const EVIDENCE: &str = "application/vnd.portbook.evidence.v1+json";

/// What the process's environment is for a call.
pub fn context<const N: usize>(root: PathBuf, env: [(&str, &str); N]) -> Context {
    let out = Output { terminal: false, colour: false, github: false, verbose: false };
    Context { root, env: Env::from(env), out, stop: Stop::default() }
}

/// Someone who wants to deploy an image, and where its evidence is.
pub struct Deploying {
    pub world: World,
    pub registry: Server,
    pub digest: Digest,
}

impl Deploying {
    /// With a registry to which nothing is attached.
    pub fn new() -> Self {
        let (world, registry) = (World::with(0), World::with(0).server);
        registry.rule(|_, _| Act::Answer("404 Not Found", String::new()));
        Self { world, registry, digest: Digest::of(b"the image's index") }
    }

    /// What the pipeline says of the image until it is published, and that all of it is good.
    pub fn good(&self) -> [Claim; 3] {
        let (commit, digest, outcome) = (self.world.head(), self.digest.clone(), Outcome::Success);
        [
            Claim::ImageBuilt {
                commit: commit.clone(),
                digest: digest.clone(),
                platforms: vec!["linux/amd64".to_owned()],
                size_bytes: 1,
                milliseconds: None,
                cache: None,
                schema_range: None,
            },
            Claim::CiVerdict { commit: commit.clone(), outcome, jobs: Vec::new() },
            Claim::Smoke { commit, digest: Some(digest), outcome, engine: "docker".parse().unwrap() },
        ]
    }

    /// Attaches documents to the image, as `publish` does; each text is a blob.
    pub fn attach(&self, documents: &[String]) {
        let mut content: BTreeMap<String, String> = BTreeMap::new();
        let mut put = |kind: &str, folder: &str, text: String| -> Value {
            let digest = Digest::of(text.as_bytes());
            let descriptor =
                json!({"mediaType": kind, "digest": digest, "size": text.len(), "artifactType": EVIDENCE});
            content.insert(format!("/v2/team/app/{folder}/{digest}"), text);
            descriptor
        };
        let config = put("application/vnd.oci.empty.v1+json", "blobs", "{}".to_owned());
        let layers: Vec<Value> = documents.iter().map(|text| put(EVIDENCE, "blobs", text.clone())).collect();
        let manifest = json!({
            "schemaVersion": 2, "mediaType": MANIFEST, "artifactType": EVIDENCE, "config": config, "layers": layers,
            "subject": {"mediaType": INDEX, "digest": self.digest, "size": 1},
        });
        let manifest = put(MANIFEST, "manifests", manifest.to_string());
        let list = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": [manifest]});
        content.insert(format!("/v2/team/app/referrers/{}", self.digest), list.to_string());
        self.registry.rule(move |_, seen| match content.get(&seen.target) {
            Some(text) => Act::Answer("200 OK", text.clone()),
            None => Act::Answer("404 Not Found", String::new()),
        });
    }

    /// A claim as the document that is attached or spooled.
    pub fn document(&self, project: &str, claim: Claim) -> String {
        let at = OffsetDateTime::from_unix_timestamp(1_767_400_000).unwrap();
        Evidence::new(project.parse().unwrap(), at, claim).canonical_json()
    }

    /// In a world whose ledger is the fake one, or the one at `url`.
    pub fn context(&self, url: &str, token: &str) -> Context {
        let root = self.world.fixture.path("");
        let env = [("PORTBOOK_URL", url), ("PORTBOOK_TOKEN", token), ("PORTBOOK_LEDGER_PAUSE_MS", "1")];
        context(root, env)
    }

    pub fn pipeline(&self) -> Pipeline {
        Pipeline::read(&self.world.fixture.path("")).unwrap()
    }

    /// Whether the image may go there, with nothing known of what ran before.
    pub fn verdict(&self, ctx: &Context, environment: &str) -> Result<Verdict> {
        self.verdict_after(ctx, environment, &[])
    }

    /// The same where this ran before.
    pub fn verdict_after(&self, ctx: &Context, environment: &str, here: &[Ran]) -> Result<Verdict> {
        let pipeline = self.pipeline();
        let environments = pipeline.environments().unwrap();
        let repository: ImageRef = format!("{}/team/app", self.registry.address).parse().unwrap();
        let image = Pinned {
            repository: repository.clone(),
            digest: self.digest.clone(),
            reference: Some(format!("{repository}:v1.2.3").parse().unwrap()),
            commit: self.world.head(),
            version: "v1.2.3".to_owned(),
            schema: None,
        };
        let service: Name = "portbook".parse().unwrap();
        let asked = Asked {
            image: &image,
            environment: environments.named(&environment.parse().unwrap()).unwrap(),
            service: &service,
            ran_here: here,
            ran_in_staging: &[],
            environment_schema: None,
        };
        let repository = Repository::open(ctx, &repository, Access::Pull, &[]).unwrap();
        let answer = verdict(ctx, &pipeline, &repository, &asked);
        assert!(!format!("{answer:?}").contains("t0psecret"), "a secret shows: {answer:?}");
        answer
    }
}

pub fn blocking(verdict: &Verdict) -> Vec<&str> {
    verdict.reasons.iter().filter(|said| said.blocks).map(|said| said.code.as_str()).collect()
}

/// The reason of this code.
#[track_caller]
pub fn reason<'a>(verdict: &'a Verdict, code: &str) -> &'a Said {
    let found = verdict.reasons.iter().find(|said| said.code == code);
    found.unwrap_or_else(|| panic!("{code} is not in {verdict:#?}"))
}
