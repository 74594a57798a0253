//! Image names are lower-case, and production never follows a name that moves.

use super::Finding;
use super::lines::Place;
use super::model::Document;

/// Names among settings and variables: whatever begins with a registry's host is an image.
pub fn in_values(document: &Document, registry: &str, findings: &mut Vec<Finding>) {
    let mut sections = vec![(Place::default().key("env"), &document.yaml["env"])];
    for job in document.jobs() {
        sections.push((job.place.key("env"), &job.body["env"]));
        sections.push((job.place.key("with"), &job.body["with"]));
    }
    for step in document.steps() {
        sections.push((step.place.key("env"), &step.body["env"]));
        sections.push((step.place.key("with"), &step.body["with"]));
    }
    for (section, values) in sections {
        for (key, value) in values.as_mapping().into_iter().flatten() {
            let (Some(key), Some(value)) = (key.as_str(), value.as_str()) else { continue };
            let value = tight(value);
            for word in value.split([' ', ',', '\n', '=']).filter(|word| is_image(word, registry)) {
                case(document, &section.key(key), word, findings);
                floating(document, &section.key(key), word, findings);
            }
        }
    }
}

/// Images that jobs run in or beside, and the machines that they run on.
pub fn in_jobs(workflow: &Document, findings: &mut Vec<Finding>) {
    for job in workflow.jobs() {
        let mut images = vec![(job.place.key("container"), &job.body["container"])];
        for (name, service) in job.body["services"].as_mapping().into_iter().flatten() {
            images.push((job.place.key("services").key(name.as_str().unwrap_or_default()), service));
        }
        for (place, body) in images {
            let (place, image) = match body.as_str() {
                Some(image) => (place, image),
                None => (place.key("image"), body["image"].as_str().unwrap_or_default()),
            };
            if !image.is_empty() {
                case(workflow, &place, image, findings);
                floating(workflow, &place, image, findings);
            }
        }
        let place = job.place.key("runs-on");
        if let Some(runner) = job.body["runs-on"].as_str().filter(|runner| runner.ends_with("-latest")) {
            findings.push(workflow.finding(
                &place,
                "floating",
                format!("{runner} becomes another machine without a commit"),
                "a machine by its version, such as ubuntu-24.04",
                "name the version",
            ));
        }
    }
}

/// Images of compose files. A file for developers may name what moves; one for any environment may not.
pub fn in_compose(file: &Document, findings: &mut Vec<Finding>) {
    let for_developers = file.name().contains(".dev.");
    for (name, service) in file.yaml["services"].as_mapping().into_iter().flatten() {
        let place = Place::default().key("services").key(name.as_str().unwrap_or_default()).key("image");
        let Some(image) = service["image"].as_str() else { continue };
        let image = without_variables(image);
        case(file, &place, &image, findings);
        if !for_developers {
            floating(file, &place, &image, findings);
        }
    }
}

fn is_image(word: &str, registry: &str) -> bool {
    let host = word.split('/').next().unwrap_or_default();
    let known = [registry, "ghcr.io", "docker.io", "public.ecr.aws", "quay.io"].contains(&host);
    word.contains('/') && (known || host.ends_with(".amazonaws.com"))
}

/// Without the spaces inside expressions, so that a word is one.
fn tight(text: &str) -> String {
    let mut inside = 0_usize;
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '{' => inside += 1,
            '}' => inside = inside.saturating_sub(1),
            _ => {}
        }
        if inside == 0 || c != ' ' {
            out.push(c);
        }
    }
    out
}

/// Expressions and variables taken out: `${A:-b}` becomes `b`, any other a letter.
fn without_variables(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        out += before;
        let Some((inner, after)) = after.split_once('}') else { break };
        let default = inner.split_once(":-").or_else(|| inner.split_once('-')).map(|(_, default)| default);
        out += default.unwrap_or("x");
        rest = after;
    }
    out + rest
}

fn case(document: &Document, place: &Place, image: &str, findings: &mut Vec<Finding>) {
    const GIVEN: &[&str] = &["github.repository", "github.actor", "repository_owner"];
    if GIVEN.iter().any(|given| image.contains(given)) {
        findings.push(document.finding(
            place,
            "image-case",
            format!("{image} takes its owner as GitHub spells it, which may have capitals"),
            "an image's name is lower-case",
            "leave the name to cargo xtask, which lower-cases it everywhere",
        ));
        return;
    }
    // A tag may have capitals, a name may not.
    let name = image.split('@').next().unwrap_or_default();
    let name = match name.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => name,
        _ => name,
    };
    if name.contains(|c: char| c.is_ascii_uppercase()) {
        findings.push(document.finding(
            place,
            "image-case",
            format!("{image} has capitals, which no registry takes"),
            name.to_ascii_lowercase(),
            "write it in lower case",
        ));
    }
}

fn floating(document: &Document, place: &Place, image: &str, findings: &mut Vec<Finding>) {
    if image.contains('@') {
        return;
    }
    let tag = image.rsplit_once(':').map(|(_, tag)| tag).filter(|tag| !tag.contains('/'));
    let moves = match tag {
        None => Some(format!("{image} has no tag, which means latest")),
        Some(tag) if tag == "latest" || tag.ends_with("-latest") || tag == "edge" || tag == "main" => {
            Some(format!("{image} follows a tag that moves"))
        }
        Some(_) => None,
    };
    if let Some(what) = moves {
        findings.push(document.finding(
            place,
            "floating",
            what,
            "an exact version, a sha- tag or a digest",
            "name the version or the digest; a variable without a default refuses to start without one",
        ));
    }
}
