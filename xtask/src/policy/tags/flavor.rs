//! `flavor:`: what holds for all tags.

use super::{Refusal, csv};

/// Whether `latest` is among the tags.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Latest {
    /// The first rule that makes a tag decides, by its type.
    #[default]
    Auto,
    /// Always.
    Yes,
    /// Never, by itself; a rule may still name it.
    No,
}

/// What holds for all tags.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flavor {
    /// Whether `latest` is among them.
    pub latest: Latest,
    /// Before every tag whose rule has no prefix of its own.
    pub prefix: String,
    /// Whether the prefix is before `latest` too.
    pub prefix_latest: bool,
    /// After every tag whose rule has no suffix of its own.
    pub suffix: String,
    /// Whether the suffix is after `latest` too.
    pub suffix_latest: bool,
}

impl Flavor {
    /// Reads the lines; a later one overrides an earlier one.
    ///
    /// # Errors
    /// Names the line and what is wrong with it.
    pub fn parse(lines: &[String]) -> Result<Self, Refusal> {
        let mut flavor = Self::default();
        for line in lines {
            flavor.line(line).map_err(|what| Refusal::Rules(format!("flavor: {line}: {what}")))?;
        }
        Ok(flavor)
    }

    fn line(&mut self, line: &str) -> Result<(), String> {
        // What `onlatest` speaks of: the key before it.
        let mut before: Option<&mut bool> = None;
        for field in csv::fields(line)? {
            let (key, value) = csv::key_value(&field);
            match (key.as_deref(), value) {
                (Some("latest"), "auto") => self.latest = Latest::Auto,
                (Some("latest"), "true") => self.latest = Latest::Yes,
                (Some("latest"), "false") => self.latest = Latest::No,
                (Some("latest"), other) => {
                    return Err(format!("latest {other:?} is none of auto, true, false"));
                }
                (Some("prefix"), value) => {
                    value.clone_into(&mut self.prefix);
                    before = Some(&mut self.prefix_latest);
                }
                (Some("suffix"), value) => {
                    value.clone_into(&mut self.suffix);
                    before = Some(&mut self.suffix_latest);
                }
                (Some("onlatest"), value) => {
                    let on = match value {
                        "true" => true,
                        "false" => false,
                        other => return Err(format!("onlatest {other:?} is none of true, false")),
                    };
                    if let Some(flag) = &mut before {
                        **flag = on;
                    }
                }
                (Some(other), _) => {
                    return Err(format!("there is no {other:?}; expected latest, prefix, suffix, onlatest"));
                }
                (None, other) => return Err(format!("{other:?} is no key=value")),
            }
        }
        Ok(())
    }

    /// `latest` as this flavor writes it.
    pub fn latest_tag(&self) -> String {
        let prefix = if self.prefix_latest { self.prefix.as_str() } else { "" };
        let suffix = if self.suffix_latest { self.suffix.as_str() } else { "" };
        format!("{prefix}latest{suffix}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(lines: &[&str]) -> Result<Flavor, Refusal> {
        Flavor::parse(&lines.iter().map(|&line| line.to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn lines_are_read_in_order() {
        assert_eq!(parse(&[]).unwrap(), Flavor::default());
        let flavor =
            parse(&["latest=true", "prefix=dev-,onlatest=true", "suffix=-alpine", "latest=false"]).unwrap();
        assert_eq!(flavor.latest, Latest::No);
        assert_eq!((flavor.prefix.as_str(), flavor.suffix.as_str()), ("dev-", "-alpine"));
        assert_eq!(flavor.latest_tag(), "dev-latest");
        assert_eq!(parse(&["onlatest=true,suffix=-x"]).unwrap().latest_tag(), "latest");
    }

    #[test]
    fn what_is_wrong_is_named() {
        for bad in ["randomstr", "unknown=foo", "latest", "latest=foo", "prefix=a,onlatest=maybe"] {
            assert!(parse(&[bad]).unwrap_err().to_string().contains(bad), "{bad}");
        }
    }
}
