//! Everything that belongs to the image in an OCI layout, in the order in which a registry accepts it.

use super::manifest::{Config, Descriptor, Manifest, REVISION};
use super::platform::Platform;
use super::sbom;
use anyhow::{Context as _, Result, bail};
use evidence::{CommitSha, Digest};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// The image in a layout.
#[derive(Clone, Debug)]
pub struct Graph {
    dir: PathBuf,
    /// The manifest or index that is published.
    pub root: Manifest,
    /// The manifests below the root, each after what it names.
    pub below: Vec<Manifest>,
    /// Every blob once.
    pub blobs: Vec<Descriptor>,
    /// Where it runs.
    pub platforms: Vec<Platform>,
    /// The commit that it was built from.
    pub commit: CommitSha,
    /// The version that its label names.
    pub version: Option<String>,
    /// The bill of materials that lies beside the image.
    pub sbom: Option<Vec<u8>>,
}

impl Graph {
    /// Reads a layout of one image, single manifest or index.
    ///
    /// # Errors
    /// When the folder is no layout, a document is damaged or missing, or the image does not name one commit.
    pub fn read(dir: &Path) -> Result<Self> {
        let index = std::fs::read(dir.join("index.json"))
            .with_context(|| format!("{} is not an OCI image layout: it has no index.json", dir.display()))?;
        let index = Manifest::parse(index, "").context("index.json is not an OCI index")?;
        let [entry] = index.content.manifests.as_slice() else {
            bail!("expected one image in {}, found {}", dir.display(), index.content.manifests.len());
        };
        let root = Manifest::parse(read_document(dir, entry)?, &entry.media_type)?;
        let mut walk = Walk { dir, below: Vec::new(), blobs: Vec::new(), seen: BTreeSet::new() };
        walk.enter(&root)?;
        let configs = image_configs(dir, &root, &walk.below)?;
        let (commit, version) = one_commit(&configs)?;
        let platforms = configs.iter().map(Config::platform).collect();
        let (below, blobs) = (walk.below, walk.blobs);
        let sbom = std::fs::read(dir.join(sbom::FILE)).ok();
        Ok(Self { dir: dir.to_owned(), root, below, blobs, platforms, commit, version, sbom })
    }

    /// A blob's file.
    pub fn file(&self, digest: &Digest) -> PathBuf {
        self.dir.join("blobs/sha256").join(digest.encoded())
    }

    /// The compressed size of all blobs, in bytes.
    pub fn size_bytes(&self) -> u64 {
        self.blobs.iter().map(|blob| blob.size).sum()
    }

    /// Checks that a blob's file is what its digest says, without holding it in memory.
    pub fn verify(&self, blob: &Descriptor) -> Result<()> {
        let mut file = std::fs::File::open(self.file(&blob.digest))
            .with_context(|| format!("the layout lacks blob {}", blob.digest))?;
        let (mut hash, mut size, mut buffer) = (Sha256::new(), 0, vec![0; 1 << 16]);
        loop {
            match file.read(&mut buffer)? {
                0 => break,
                n => {
                    hash.update(&buffer[..n]);
                    size += n as u64;
                }
            }
        }
        let found: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        if found != blob.digest.encoded() || size != blob.size {
            bail!("blob {} is damaged: its content is sha256:{found}, {size} bytes", blob.digest);
        }
        Ok(())
    }
}

struct Walk<'a> {
    dir: &'a Path,
    below: Vec<Manifest>,
    blobs: Vec<Descriptor>,
    seen: BTreeSet<Digest>,
}

impl Walk<'_> {
    fn enter(&mut self, manifest: &Manifest) -> Result<()> {
        for blob in manifest.content.blobs() {
            if self.seen.insert(blob.digest.clone()) {
                let path = self.dir.join("blobs/sha256").join(blob.digest.encoded());
                let size = std::fs::metadata(&path).map(|data| data.len());
                match size {
                    Ok(size) if size == blob.size => self.blobs.push(blob.clone()),
                    Ok(size) => {
                        bail!("blob {} is damaged: {size} bytes, expected {}", blob.digest, blob.size)
                    }
                    Err(_) => bail!("the layout lacks blob {}", blob.digest),
                }
            }
        }
        for entry in &manifest.content.manifests {
            if self.seen.insert(entry.digest.clone()) {
                let child = Manifest::parse(read_document(self.dir, entry)?, &entry.media_type)?;
                self.enter(&child)?;
                self.below.push(child);
            }
        }
        Ok(())
    }
}

fn read_document(dir: &Path, entry: &Descriptor) -> Result<Vec<u8>> {
    let path = dir.join("blobs/sha256").join(entry.digest.encoded());
    let bytes = std::fs::read(&path).with_context(|| format!("the layout lacks blob {}", entry.digest))?;
    let found = Digest::of(&bytes);
    if found != entry.digest || bytes.len() as u64 != entry.size {
        bail!("blob {} is damaged: its content is {found}", entry.digest);
    }
    Ok(bytes)
}

fn image_configs(dir: &Path, root: &Manifest, below: &[Manifest]) -> Result<Vec<Config>> {
    let images: Vec<&Manifest> = if root.is_index() {
        let named = |entry: &Descriptor| below.iter().find(|one| one.digest == entry.digest);
        root.content.images().filter_map(named).collect()
    } else {
        vec![root]
    };
    let config = |image: &&Manifest| {
        let config =
            image.content.config.as_ref().with_context(|| format!("{} is no image", image.digest))?;
        Config::parse(&read_document(dir, config)?)
    };
    images.iter().map(config).collect()
}

fn one_commit(configs: &[Config]) -> Result<(CommitSha, Option<String>)> {
    let mut commits = BTreeSet::new();
    for config in configs {
        let label = config.label(REVISION).with_context(|| format!("the image has no label {REVISION}"))?;
        commits.insert(label.parse::<CommitSha>().with_context(|| format!("the image's label {REVISION}"))?);
    }
    let version = configs.first().and_then(|config| config.label("org.opencontainers.image.version"));
    let version = version.filter(|version| !version.is_empty()).map(str::to_owned);
    match (commits.pop_first(), commits.is_empty()) {
        (Some(commit), true) => Ok((commit, version)),
        (Some(_), false) => bail!("the platforms of the image are of different commits"),
        (None, _) => bail!("the index names no image"),
    }
}
