//! What a production artefact must be.

use super::layout::{ImageFacts, Layout};
use super::platform::Platform;
use super::schema;
use evidence::{CommitSha, SchemaRange};

/// What a production artefact must be, and this one is not; empty when all holds. `range` is of the tree's migrations,
/// if it has any, and `max_bytes` bounds each image.
pub fn violations(
    layout: &Layout,
    wanted: &[Platform],
    commit: &CommitSha,
    range: Option<SchemaRange>,
    max_bytes: u64,
) -> Vec<String> {
    let mut wrong = Vec::new();
    for platform in wanted.iter().filter(|&p| layout.images.iter().all(|image| image.platform != *p)) {
        wrong.push(format!("it has no image for {platform}"));
    }
    for image in &layout.images {
        if !wanted.is_empty() && !wanted.contains(&image.platform) {
            wrong.push(format!("it has an image for {}, which was not asked for", image.platform));
        }
        let mut of_image = image_violations(image, commit, max_bytes);
        of_image.extend(range.into_iter().flat_map(|range| schema::wrong_labels(&image.labels, range)));
        wrong.extend(of_image.into_iter().map(|text| format!("{}: {text}", image.platform)));
    }
    wrong
}

fn image_violations(facts: &ImageFacts, commit: &CommitSha, max_bytes: u64) -> Vec<String> {
    let mut wrong = Vec::new();
    if facts.size_bytes > max_bytes {
        wrong.push(format!("{} bytes compressed, expected at most {max_bytes}", facts.size_bytes));
    }
    let uid = facts.user.split(':').next().unwrap_or_default();
    if uid.parse::<u32>().map_or(true, |uid| uid == 0) {
        wrong.push(format!("its user is {:?}, expected a numeric one that is not root", facts.user));
    }
    if !facts.has_healthcheck {
        wrong.push("it has no health check".to_owned());
    }
    let label =
        |name: &str| facts.labels.get(&format!("org.opencontainers.image.{name}")).map(String::as_str);
    if label("revision") != Some(commit.as_str()) {
        wrong.push(format!("its revision label is {:?}, expected {commit}", label("revision")));
    }
    for name in ["version", "created", "source", "title", "licenses"] {
        if label(name).is_none_or(str::is_empty) {
            wrong.push(format!("it has no label org.opencontainers.image.{name}"));
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;
    use evidence::Digest;

    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

    fn image(platform: &str) -> ImageFacts {
        let names = ["revision", "version", "created", "source", "title", "licenses"];
        ImageFacts {
            digest: Digest::of(platform.as_bytes()),
            config_digest: Digest::of(b"config"),
            layers: Vec::new(),
            entry: serde_json::Value::Null,
            platform: platform.parse().unwrap(),
            size_bytes: 100,
            user: "65532:65532".to_owned(),
            labels: names
                .map(|name| (format!("org.opencontainers.image.{name}"), COMMIT.to_owned()))
                .into_iter()
                .chain([(schema::MIN.to_owned(), "3".to_owned()), (schema::MAX.to_owned(), "5".to_owned())])
                .collect(),
            has_healthcheck: true,
        }
    }

    fn wrong(images: Vec<ImageFacts>, wanted: &[&str], max_bytes: u64) -> Vec<String> {
        let layout = Layout { digest: Digest::of(b"index"), is_index: true, images, size_bytes: 0 };
        let wanted: Vec<Platform> = wanted.iter().map(|text| text.parse().unwrap()).collect();
        let range = Some(SchemaRange { min: 3, max: 5 });
        violations(&layout, &wanted, &COMMIT.parse().unwrap(), range, max_bytes)
    }

    #[test]
    fn each_image_is_judged_by_itself() {
        let good = || vec![image("linux/amd64"), image("linux/arm64")];
        assert_eq!(wrong(good(), &["linux/amd64", "linux/arm64"], 100), Vec::<String>::new());
        assert_eq!(wrong(good(), &[], 100), Vec::<String>::new());
        let mut images = good();
        images[1].size_bytes = 101;
        assert_eq!(
            wrong(images, &[], 100),
            ["linux/arm64: 101 bytes compressed, expected at most 100".to_owned()]
        );
        let mut images = good();
        images[1] = ImageFacts { user: String::new(), has_healthcheck: false, ..images[1].clone() };
        images[1].labels.clear();
        let found = wrong(images, &[], 100);
        assert_eq!(found.len(), 10, "{found:#?}");
        assert!(found.iter().all(|text| text.starts_with("linux/arm64: ")), "{found:#?}");
        for root in ["0", "root", "0:65532"] {
            let images = vec![ImageFacts { user: root.to_owned(), ..image("linux/amd64") }];
            assert_eq!(wrong(images, &[], 100).len(), 1, "{root}");
        }
    }

    #[test]
    fn the_platforms_are_those_that_were_asked_for() {
        let found = wrong(vec![image("linux/amd64")], &["linux/amd64", "linux/arm/v7"], 100);
        assert_eq!(found, ["it has no image for linux/arm/v7"]);
        let found = wrong(vec![image("linux/amd64"), image("linux/arm64")], &["linux/amd64"], 100);
        assert_eq!(found, ["it has an image for linux/arm64, which was not asked for"]);
    }
}
