//! The software bill of materials of the production image: CycloneDX 1.5 JSON (ECMA-424), from what the two package
//! managers have locked. Equal sources give equal bytes: no random serial number, and the commit's time.

use anyhow::{Context as _, Result};
use evidence::CommitSha;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The media type of the document, and its artifact type as a referrer.
pub const MEDIA_TYPE: &str = "application/vnd.cyclonedx+json";
/// The document's name inside an OCI image layout, where other files are allowed and ignored.
pub const FILE: &str = "sbom.cdx.json";

/// What the bill is of.
pub struct Subject<'a> {
    /// The application's package.
    pub package: &'a str,
    /// Its version.
    pub version: &'a str,
    /// The commit that it is built from.
    pub commit: &'a CommitSha,
    /// That commit's time, in seconds since the epoch.
    pub epoch: i64,
}

/// The bill: every crate that the application's package needs at run time or compiles in, and every npm package that is
/// no development dependency.
///
/// `cargo` is the document of `cargo metadata --format-version 1`, `npm` a `package-lock.json` of version 2 or 3.
///
/// # Errors
/// When one of the documents lacks what its format promises, or the package is not in it.
pub fn cyclonedx(subject: &Subject, cargo: &Value, npm: &Value) -> Result<Value> {
    let mut components = crates(subject.package, cargo)?;
    components.extend(node_packages(npm)?);
    let time = OffsetDateTime::from_unix_timestamp(subject.epoch)?.format(&Rfc3339)?;
    Ok(json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "timestamp": time,
            "component": {
                "type": "application",
                "bom-ref": subject.package,
                "name": subject.package,
                "version": subject.version,
                "properties": [{ "name": "org.opencontainers.image.revision", "value": subject.commit.as_str() }],
            },
        },
        "components": components.into_values().collect::<Vec<_>>(),
    }))
}

/// What a package reaches by dependencies of the normal kind, by package URL.
fn crates(package: &str, metadata: &Value) -> Result<BTreeMap<String, Value>> {
    let list = |value: &Value, key: &str| {
        value[key].as_array().cloned().with_context(|| format!("cargo metadata: expected a list {key:?}"))
    };
    let packages = list(metadata, "packages")?;
    let by_id: BTreeMap<&str, &Value> =
        packages.iter().filter_map(|package| Some((package["id"].as_str()?, package))).collect();
    let nodes = list(&metadata["resolve"], "nodes")?;
    let mut needs: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for node in &nodes {
        let deps = node["deps"].as_array().map(Vec::as_slice).unwrap_or_default();
        let normal = |dep: &&Value| {
            dep["dep_kinds"].as_array().is_some_and(|all| all.iter().any(|kind| kind["kind"].is_null()))
        };
        let ids = deps.iter().filter(normal).filter_map(|dep| dep["pkg"].as_str()).collect();
        needs.insert(node["id"].as_str().unwrap_or_default(), ids);
    }
    let root = by_id.iter().find(|(_, entry)| entry["name"] == package && entry["source"].is_null());
    let (root, _) = root.with_context(|| format!("cargo metadata: no workspace package {package:?}"))?;
    let (mut seen, mut open) = (BTreeSet::from([*root]), vec![*root]);
    while let Some(id) = open.pop() {
        open.extend(needs.get(id).into_iter().flatten().filter(|need| seen.insert(need)));
    }
    seen.remove(root);
    Ok(seen
        .into_iter()
        .filter_map(|id| by_id.get(id))
        .map(|entry| component("cargo", &entry["name"], &entry["version"], &entry["license"]))
        .collect())
}

/// The packages of a lock file that are no development dependencies, by package URL.
fn node_packages(lock: &Value) -> Result<BTreeMap<String, Value>> {
    let packages =
        lock["packages"].as_object().context("package-lock.json: expected an object \"packages\"")?;
    let shipped =
        |path: &str, entry: &Value| !path.is_empty() && entry["dev"] != true && entry["link"] != true;
    Ok(packages
        .iter()
        .filter(|(path, entry)| shipped(path, entry))
        .map(|(path, entry)| {
            let name = path.rsplit_once("node_modules/").map_or(path.as_str(), |(_, name)| name);
            component("npm", &json!(name), &entry["version"], &entry["license"])
        })
        .collect())
}

/// One component with its package URL (purl-spec), which is also its key.
fn component(kind: &str, name: &Value, version: &Value, licence: &Value) -> (String, Value) {
    let (name, version) = (name.as_str().unwrap_or_default(), version.as_str().unwrap_or_default());
    // A scope's `@` is percent-encoded; names of both registries hold nothing else that a package URL would escape.
    let purl = format!("pkg:{kind}/{}@{}", name.replace('@', "%40"), version.replace('+', "%2B"));
    let mut entry =
        json!({ "type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl });
    if let Some(licence) = licence.as_str() {
        // `A/B` is how older manifests write `A OR B`.
        entry["licenses"] = json!([{ "expression": licence.replace('/', " OR ") }]);
    }
    (purl, entry)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bill() -> Value {
        let dep =
            |id: &str, kind: Value| json!({ "pkg": id, "dep_kinds": [{ "kind": kind, "target": null }] });
        let package = |name: &str, source: Value| json!({ "id": name, "name": name, "version": "1.0.0+x", "license": "MIT/Apache-2.0", "source": source });
        let cargo = json!({
            "packages": [
                package("app", Value::Null), package("a", json!("r")), package("b", json!("r")),
                package("test-only", json!("r")), package("elsewhere", json!("r")),
            ],
            "resolve": { "nodes": [
                { "id": "app", "deps": [dep("a", Value::Null), dep("test-only", json!("dev"))] },
                { "id": "a", "deps": [dep("b", Value::Null)] },
                { "id": "b", "deps": [dep("a", Value::Null)] },
            ] },
        });
        let npm = json!({ "packages": {
            "": { "version": "0.1.0" },
            "node_modules/@scope/used": { "version": "2.0.0", "license": "MIT" },
            "node_modules/lint": { "version": "3.0.0", "dev": true },
        } });
        let commit = "a".repeat(40).parse().unwrap();
        let subject = Subject { package: "app", version: "0.1.0", commit: &commit, epoch: 1_700_000_000 };
        cyclonedx(&subject, &cargo, &npm).unwrap()
    }

    #[test]
    fn what_is_shipped_is_listed_once_and_nothing_else() {
        let bill = bill();
        let purls: Vec<&str> =
            bill["components"].as_array().unwrap().iter().map(|c| c["purl"].as_str().unwrap()).collect();
        assert_eq!(purls, ["pkg:cargo/a@1.0.0%2Bx", "pkg:cargo/b@1.0.0%2Bx", "pkg:npm/%40scope/used@2.0.0"]);
        assert_eq!(bill["components"][0]["licenses"][0]["expression"], "MIT OR Apache-2.0");
        assert_eq!(bill["metadata"]["timestamp"], "2023-11-14T22:13:20Z");
    }

    #[test]
    fn a_package_that_is_not_there_is_named() {
        let commit = "a".repeat(40).parse().unwrap();
        let subject = Subject { package: "none", version: "0", commit: &commit, epoch: 0 };
        let cargo = json!({ "packages": [], "resolve": { "nodes": [] } });
        let error = cyclonedx(&subject, &cargo, &json!({ "packages": {} })).unwrap_err();
        assert!(error.to_string().contains("\"none\""), "{error}");
    }
}
