//! `package` and `registry_package`.

use super::parts::{event, repository, sha, user};
use serde_json::{Value, json};

/// An image under a tag. Its platforms come as events of their own, with an empty tag.
fn body() -> Value {
    let digest = format!("sha256:{}", "5e".repeat(32));
    let layer = |number: u64| {
        json!({"digest": format!("sha256:{number:064x}"), "size": 1_000_000 + number,
               "media_type": "application/vnd.oci.image.layer.v1.tar+gzip"})
    };
    json!({
        "id": 8_400_001, "name": "quay", "namespace": "Harbour", "description": "", "ecosystem": "CONTAINER",
        "package_type": "CONTAINER", "html_url": "https://github.com/orgs/harbour/packages/container/package/quay",
        "created_at": "2025-03-02T08:00:00Z", "updated_at": "2026-02-03T11:00:00Z",
        "owner": user("harbour", 900_100, "Organization"),
        "package_version": {
            "id": 310_000_001, "version": digest, "name": digest, "description": "", "summary": "",
            "body": {"repository": {"repository": repository()},
                     "info": {"type": "blob", "oid": sha(0xb10b), "mode": 33188, "name": "README.md",
                              "path": "README.md", "size": null, "collection": true},
                     "attributes": {}, "_formatted": true},
            "manifest": "", "html_url": "https://github.com/orgs/harbour/packages/container/quay/310000001",
            "target_commitish": "main", "target_oid": sha(0xc0ffee), "created_at": "0001-01-01T00:00:00Z",
            "updated_at": "0001-01-01T00:00:00Z", "metadata": [],
            "container_metadata": {
                "tag": {"name": "sha-0c0ffee", "digest": digest},
                "labels": {"description": "", "source": "https://github.com/harbour/quay", "revision": sha(0xc0ffee),
                           "image_url": "", "licenses": "MIT",
                           "all_labels": {"org.opencontainers.image.revision": sha(0xc0ffee)}},
                "manifest": {"digest": digest, "media_type": "application/vnd.oci.image.index.v1+json",
                             "uri": format!("repositories/harbour/quay/manifests/{digest}"), "size": 1609,
                             "config": {"digest": format!("sha256:{:064x}", 1), "size": 7205,
                                        "media_type": "application/vnd.oci.image.config.v1+json"},
                             "layers": [layer(2), layer(3), layer(4)]}
            },
            "package_files": [], "installation_command": "docker pull ghcr.io/harbour/quay:sha-0c0ffee",
            "package_url": "ghcr.io/Harbour/quay:sha-0c0ffee"
        },
        "registry": {"about_url": "https://docs.github.com/packages", "name": "GitHub CONTAINER registry",
                     "type": "CONTAINER", "url": "https://CONTAINER.pkg.github.com/harbour", "vendor": "GitHub Inc"}
    })
}

/// `package`, published.
pub fn package() -> Value {
    event(json!({"action": "published", "package": body()}))
}

/// `registry_package`, published: the same under another name.
pub fn registry_package() -> Value {
    event(json!({"action": "published", "registry_package": body()}))
}
