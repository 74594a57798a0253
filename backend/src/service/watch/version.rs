//! What a service says that it is.

use evidence::{CommitSha, Digest};
use serde_json::Value;

/// What a service says that it is; what it does not say is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Version {
    pub digest: Option<Digest>,
    pub commit: Option<CommitSha>,
    pub version: Option<String>,
    pub schema_version: Option<u64>,
    pub schema_floor: Option<u64>,
}

/// The most characters of a version that evidence has room for.
const VERSION_LIMIT: usize = 128;

impl Version {
    /// Reads the JSON of a `/version`. Other fields than these are passed over: `image_digest` or `digest`,
    /// `commit`, `version`, and `schema_version` or `schema`, with `schema_floor`. A schema is a number, or an object
    /// with `current` and `floor`; one with neither tells the range that it can run on, whose end `max` is where its
    /// migrations lead.
    pub(super) fn read(body: &[u8]) -> Result<Self, String> {
        let json: Value =
            serde_json::from_slice(body).map_err(|error| format!("its answer is not JSON: {error}"))?;
        let Value::Object(fields) = &json else {
            return Err("its answer is no JSON object".to_owned());
        };
        let given = |name: &str| fields.get(name).filter(|value| !value.is_null());
        let digest = given("image_digest").or_else(|| given("digest"));
        let version = match given("version") {
            None => None,
            Some(Value::String(text)) if !text.is_empty() && !text.contains('\0') => {
                Some(text.chars().take(VERSION_LIMIT).collect())
            }
            Some(_) => return Err("its version is not a text".to_owned()),
        };
        let (schema, floor) = match given("schema_version").or_else(|| given("schema")) {
            // One that names its present schema, and does not know it now, is not at the end of its range for that.
            Some(Value::Object(range)) => {
                (range.get("current").or_else(|| range.get("max")), range.get("floor"))
            }
            other => (other, None),
        };
        Ok(Self {
            digest: parsed(digest, "digest")?,
            commit: parsed(given("commit"), "commit")?,
            version,
            schema_version: number(schema, "schema")?,
            schema_floor: number(given("schema_floor").or(floor), "schema's floor")?,
        })
    }
}

/// A whole number that evidence has room for.
fn number(value: Option<&Value>, what: &str) -> Result<Option<u64>, String> {
    let Some(value) = value.filter(|value| !value.is_null()) else { return Ok(None) };
    let read = value.as_u64().filter(|number| *number < 1 << 53);
    read.map(Some).ok_or_else(|| format!("its {what} is not a number"))
}

/// A text as one of our types. One that is none is a mistake of the service, not an absence.
fn parsed<T: std::str::FromStr>(value: Option<&Value>, what: &str) -> Result<Option<T>, String> {
    let Some(value) = value else { return Ok(None) };
    let read = value.as_str().and_then(|text| text.parse().ok());
    read.map(Some).ok_or_else(|| format!("its {what} is not one in full"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(value: &Value) -> Result<Version, String> {
        Version::read(value.to_string().as_bytes())
    }

    #[test]
    fn our_own_answer_and_plainer_ones_are_read() {
        let (digest, commit) = (format!("sha256:{}", "a".repeat(64)), "b".repeat(40));
        let own = json!({"name": "portbook", "version": "0.1.0", "commit": commit, "image_digest": digest,
                         "schema": {"min": 1, "max": 5, "current": 4, "floor": 2}});
        let expected = Version {
            digest: digest.parse().ok(),
            commit: commit.parse().ok(),
            version: Some("0.1.0".to_owned()),
            schema_version: Some(4),
            schema_floor: Some(2),
        };
        assert_eq!(read(&own), Ok(expected.clone()));
        let plain = json!({"version": "0.1.0", "commit": commit, "digest": digest, "schema_version": 4,
                           "schema_floor": 2});
        assert_eq!(read(&plain), Ok(expected));
        let silent = json!({"commit": null, "image_digest": null, "uptime": 7});
        assert_eq!(read(&silent), Ok(Version::default()));
        for (schema, version, floor) in [
            (json!({"min": 1, "max": 4}), Some(4), None),
            (json!({"current": 3, "max": 4, "floor": 0}), Some(3), Some(0)),
            (json!({"current": null, "max": 4, "floor": null}), None, None),
            (json!(3), Some(3), None),
        ] {
            let told = read(&json!({"schema": schema})).unwrap();
            assert_eq!((told.schema_version, told.schema_floor), (version, floor), "{schema}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_no_answer() {
        for bad in [
            json!([]),
            json!("0.1.0"),
            json!({"digest": "sha256:0"}),
            json!({"commit": "main"}),
            json!({"version": 1}),
            json!({"schema": "4"}),
            json!({"schema": -1}),
            json!({"schema": {"max": "4"}}),
            json!({"schema": {"current": 4, "floor": -1}}),
            json!({"schema_floor": "2"}),
        ] {
            assert!(read(&bad).is_err(), "{bad}");
        }
        assert!(Version::read(b"<html>").is_err());
    }
}
