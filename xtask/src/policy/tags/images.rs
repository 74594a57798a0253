//! `images:`: the names that every tag is put to.

use super::{Refusal, csv};
use evidence::ImageRef;

/// The names of the enabled images, in lower case and checked.
///
/// # Errors
/// Names the line and what is wrong with it.
pub fn parse(lines: &[String]) -> Result<Vec<String>, Refusal> {
    let wrong = |line: &str, what: String| Refusal::Rules(format!("images: {line}: {what}"));
    let mut images = Vec::new();
    // One line of plain names is a list of them.
    if let [line] = lines {
        let fields = csv::fields(line).map_err(|what| wrong(line, what))?;
        if fields.iter().all(|field| csv::key_value(field).0.is_none()) {
            for field in fields {
                images.push(checked(&field).map_err(|what| wrong(line, what))?);
            }
            return Ok(images);
        }
    }
    for line in lines {
        images.extend(named(line).map_err(|what| wrong(line, what))?);
    }
    Ok(images)
}

/// The name in a line, unless it is switched off.
fn named(line: &str) -> Result<Option<String>, String> {
    let (mut name, mut enabled) = (None, true);
    for field in csv::fields(line)? {
        let (key, value) = csv::key_value(&field);
        match (key.as_deref(), value) {
            (None | Some("name"), value) => {
                if name.replace(value.to_owned()).is_some() {
                    return Err("it has two names".to_owned());
                }
            }
            (Some("enable"), "true") => enabled = true,
            (Some("enable"), "false") => enabled = false,
            (Some("enable"), other) => return Err(format!("enable {other:?} is none of true, false")),
            (Some(other), _) => return Err(format!("there is no {other:?}; expected name, enable")),
        }
    }
    let name = checked(&name.unwrap_or_default())?;
    Ok(enabled.then_some(name))
}

/// An image's name in lower case, without tag and digest.
pub fn checked(name: &str) -> Result<String, String> {
    let name = name.trim().to_lowercase();
    if name.is_empty() {
        return Err("the name is empty".to_owned());
    }
    let reference: ImageRef =
        name.parse().map_err(|error: evidence::ParseImageRefError| error.to_string())?;
    if reference.tag.is_some() || reference.digest.is_some() {
        return Err(format!("{name} has a tag or a digest already"));
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(lines: &[&str]) -> Result<Vec<String>, Refusal> {
        parse(&lines.iter().map(|&line| line.to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn lines_name_images() {
        assert_eq!(names(&["name/foo"]).unwrap(), ["name/foo"]);
        assert_eq!(names(&["name/foo,name/bar"]).unwrap(), ["name/foo", "name/bar"]);
        let lines = ["name=name/bar", "name/foo,enable=false", "name=ghcr.io/UserName/Foo,enable=true"];
        assert_eq!(names(&lines).unwrap(), ["name/bar", "ghcr.io/username/foo"]);
        assert!(names(&[]).unwrap().is_empty());
    }

    #[test]
    fn what_is_wrong_is_named() {
        for bad in [
            "value=name/foo",
            "name/foo,enable=bar",
            "name/foo,bar=baz",
            "name=,enable=true",
            "name/foo,name=name/bar,enable=true",
            "name/foo:tag",
            "na me",
        ] {
            assert!(names(&[bad]).unwrap_err().to_string().contains(bad), "{bad}");
        }
    }
}
