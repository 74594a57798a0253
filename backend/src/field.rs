//! One wrong place in what somebody sent, as a JSON pointer.

use serde::Serialize;
use serde_path_to_error::Segment;
use utoipa::ToSchema;

/// Nothing that we read is nested this deep; a pointer into something that is stops here.
const POINTER_DEPTH: usize = 8;

/// One wrong place in a request's body, or in its query.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// A JSON pointer (RFC 6901) into the body; into the query as if it was an object of its parameters.
    #[schema(example = "/evidence/0/claim/outcome")]
    pub pointer: String,
    /// What was expected there.
    pub detail: String,
}

impl FieldError {
    /// The place of an error below `base`, leaving out the first `skip` segments.
    pub(crate) fn of(base: &str, skip: usize, error: &serde_path_to_error::Error<serde_json::Error>) -> Self {
        let mut parts: Vec<String> = error
            .path()
            .iter()
            .skip(skip)
            .take(POINTER_DEPTH)
            .filter_map(|segment| match segment {
                Segment::Seq { index } => Some(index.to_string()),
                Segment::Map { key } => Some(key.clone()),
                Segment::Enum { variant } => Some(variant.clone()),
                Segment::Unknown => None,
            })
            .collect();
        let message = error.inner().to_string();
        // serde names an absent or unexpected field in the message and not in the path.
        for beginning in ["missing field `", "unknown field `"] {
            if let Some((field, _)) = message.strip_prefix(beginning).and_then(|rest| rest.split_once('`'))
                && parts.last().map(String::as_str) != Some(field)
            {
                parts.push(field.to_owned());
            }
        }
        let mut pointer = base.to_owned();
        for part in parts {
            pointer.push('/');
            pointer.push_str(&clip(&part, 80).replace('~', "~0").replace('/', "~1"));
        }
        Self { pointer, detail: detail(&message) }
    }
}

/// serde_json's message without its line and column, which count within the item and not the body.
pub(crate) fn detail(message: &str) -> String {
    let end = message.rfind(" at line ").unwrap_or(message.len());
    clip(&message[..end], 300)
}

fn clip(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
