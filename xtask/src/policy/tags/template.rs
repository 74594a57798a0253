//! The part of handlebars that rules use: `{{name}}`, `{{name 'text' key='text'}}`, comments, and `\{{` for braces.

use super::date::Clock;
use std::collections::BTreeMap;
use time::OffsetDateTime;

/// A template that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Template(Vec<Node>);

#[derive(Clone, Debug, PartialEq)]
enum Node {
    Text(String),
    Call(Call),
}

/// One `{{…}}`.
#[derive(Clone, Debug, PartialEq)]
struct Call {
    name: String,
    arguments: Vec<Argument>,
    named: Vec<(String, Argument)>,
    /// Handlebars writes `&`, `<`, `>`, `"`, `'`, `` ` `` and `=` as HTML does, unless there are three braces.
    escaped: bool,
}

#[derive(Clone, Debug, PartialEq)]
enum Argument {
    Text(String),
    /// A name, whose value is looked up.
    Name(String),
}

/// What names stand for.
#[derive(Clone, Debug, Default)]
pub struct Scope<'a> {
    /// Names and their values. A name that is not there is an empty text.
    pub values: BTreeMap<&'static str, String>,
    /// What `date` and `commit_date` tell, where they are known.
    pub dates: Option<Dates<'a>>,
}

/// The two dates of `date` and `commit_date`.
#[derive(Clone, Copy, Debug)]
pub struct Dates<'a> {
    /// The present time.
    pub now: OffsetDateTime,
    /// The commit's time.
    pub commit: OffsetDateTime,
    /// Formats them.
    pub clock: Clock<'a>,
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// Names what is not closed or not supported.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut nodes = Vec::new();
        let mut rest = text;
        // After `~}}` the text that follows loses its leading space.
        let mut trim = false;
        while let Some(at) = rest.find("{{") {
            let mut before = &rest[..at];
            let mut after = &rest[at..];
            if std::mem::take(&mut trim) {
                before = before.trim_start();
            }
            if let Some(plain) = before.strip_suffix('\\').filter(|plain| !plain.ends_with('\\')) {
                let end = after[2..].find("{{").map_or(after.len(), |end| end + 2);
                push_text(&mut nodes, plain);
                push_text(&mut nodes, &after[..end]);
                rest = &after[end..];
                continue;
            }
            if before.ends_with("\\\\") {
                before = &before[..before.len() - 1];
            }
            let (open, close) = match after {
                _ if after.starts_with("{{{") => ("{{{", "}}}"),
                _ if after.starts_with("{{!--") => ("{{!--", "--}}"),
                _ => ("{{", "}}"),
            };
            let end = after.find(close).ok_or_else(|| format!("{text:?}: {open} has no {close}"))?;
            let mut inner = &after[open.len()..end];
            after = &after[end + close.len()..];
            if let Some(stripped) = inner.strip_prefix('~') {
                inner = stripped;
                before = before.trim_end();
            }
            if let Some(stripped) = inner.strip_suffix('~') {
                inner = stripped;
                trim = true;
            }
            push_text(&mut nodes, before);
            rest = after;
            if open == "{{!--" || inner.starts_with('!') {
                continue;
            }
            nodes.push(Node::Call(
                parse_call(inner, open == "{{{").map_err(|what| format!("{text:?}: {what}"))?,
            ));
        }
        push_text(&mut nodes, if trim { rest.trim_start() } else { rest });
        Ok(Self(nodes))
    }

    /// Whether it is `{{raw}}` and nothing else.
    pub fn is_raw(&self) -> bool {
        matches!(self.0.as_slice(), [Node::Call(call)] if call.name == "raw")
    }

    /// How often a name is called.
    pub fn count(&self, name: &str) -> usize {
        self.0.iter().filter(|node| matches!(node, Node::Call(call) if call.name == name)).count()
    }

    /// Fills it in.
    ///
    /// # Errors
    /// When an expression with arguments is not known, or a date cannot be told.
    pub fn render(&self, scope: &Scope<'_>) -> Result<String, String> {
        let mut text = String::new();
        for node in &self.0 {
            match node {
                Node::Text(part) => text.push_str(part),
                Node::Call(call) => {
                    let value = call.value(scope)?;
                    if call.escaped { escape(&value, &mut text) } else { text.push_str(&value) }
                }
            }
        }
        Ok(text)
    }
}

impl Call {
    fn value(&self, scope: &Scope<'_>) -> Result<String, String> {
        let date = match (self.name.as_str(), &scope.dates) {
            ("date", Some(dates)) => Some((dates.now, dates.clock)),
            ("commit_date", Some(dates)) => Some((dates.commit, dates.clock)),
            _ => None,
        };
        if let Some((at, clock)) = date {
            return self.date(scope, at, clock);
        }
        match scope.values.get(self.name.as_str()) {
            Some(value) => Ok(value.clone()),
            None if self.arguments.is_empty() && self.named.is_empty() => Ok(String::new()),
            None => Err(format!("{{{{{} …}}}} is not known here", self.name)),
        }
    }

    fn date(&self, scope: &Scope<'_>, at: OffsetDateTime, clock: Clock<'_>) -> Result<String, String> {
        let name = &self.name;
        let format = match self.arguments.as_slice() {
            [] => return Err(format!("{{{{{name}}}}} needs a format, as {{{{{name} 'YYYYMMDD'}}}}")),
            [first, ..] => first.value(scope),
        };
        let mut zone = Some("UTC");
        for (key, value) in &self.named {
            match key.as_str() {
                "tz" => zone = value.value(scope),
                other => return Err(format!("{{{{{name}}}}} has no attribute {other}")),
            }
        }
        clock.format(at, format, zone.unwrap_or("UTC"))
    }
}

impl Argument {
    fn value<'a>(&'a self, scope: &'a Scope<'_>) -> Option<&'a str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Name(name) => scope.values.get(name.as_str()).map(String::as_str),
        }
    }
}

fn push_text(nodes: &mut Vec<Node>, text: &str) {
    if !text.is_empty() {
        nodes.push(Node::Text(text.to_owned()));
    }
}

fn parse_call(inner: &str, triple: bool) -> Result<Call, String> {
    let inner = inner.trim();
    let (raw, inner) = match inner.strip_prefix('&') {
        Some(rest) => (true, rest.trim_start()),
        None => (triple, inner),
    };
    if inner.starts_with(['#', '/', '^', '>']) || inner == "else" {
        return Err(format!("{{{{{inner}}}}}: blocks and partials are not supported"));
    }
    let (name, mut rest) = name(inner).ok_or_else(|| format!("{{{{{inner}}}}} is not an expression"))?;
    let mut call = Call { name, arguments: Vec::new(), named: Vec::new(), escaped: !raw };
    loop {
        let trimmed = rest.trim_start();
        if trimmed.is_empty() {
            return Ok(call);
        }
        if trimmed.len() == rest.len() {
            return Err(format!("{{{{{inner}}}}} is not an expression"));
        }
        let keyed = name_then_equals(trimmed);
        let (argument, after) = argument(keyed.as_ref().map_or(trimmed, |(_, after)| after))
            .ok_or_else(|| format!("{{{{{inner}}}}}: {trimmed:?} is neither a name nor a quoted text"))?;
        match keyed {
            Some((key, _)) => call.named.push((key, argument)),
            None => call.arguments.push(argument),
        }
        rest = after;
    }
}

fn name_then_equals(text: &str) -> Option<(String, &str)> {
    let (key, rest) = name(text)?;
    Some((key, rest.trim_start().strip_prefix('=')?.trim_start()))
}

fn argument(text: &str) -> Option<(Argument, &str)> {
    for quote in ['\'', '"'] {
        if let Some(inner) = text.strip_prefix(quote) {
            let mut value = String::new();
            let mut characters = inner.char_indices();
            while let Some((at, character)) = characters.next() {
                match character {
                    '\\' if inner[at + 1..].starts_with(quote) => {
                        value.push(quote);
                        characters.next();
                    }
                    end if end == quote => return Some((Argument::Text(value), &inner[at + 1..])),
                    other => value.push(other),
                }
            }
            return None;
        }
    }
    name(text).map(|(name, rest)| (Argument::Name(name), rest))
}

/// A name as handlebars has it: anything but space and its punctuation. Paths are names that stand for nothing.
fn name(text: &str) -> Option<(String, &str)> {
    const NOT: &str = "!\"#%&'()*+,;<=>@[\\]^`{|}~";
    let end = text.find(|c: char| c.is_whitespace() || NOT.contains(c)).unwrap_or(text.len());
    (end > 0).then(|| (text[..end].to_owned(), &text[end..]))
}

fn escape(value: &str, into: &mut String) {
    for character in value.chars() {
        match character {
            '&' => into.push_str("&amp;"),
            '<' => into.push_str("&lt;"),
            '>' => into.push_str("&gt;"),
            '"' => into.push_str("&quot;"),
            '\'' => into.push_str("&#x27;"),
            '`' => into.push_str("&#x60;"),
            '=' => into.push_str("&#x3D;"),
            other => into.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(text: &str) -> Result<String, String> {
        let scope = Scope {
            values: [("branch", "a/b=c&d".to_owned()), ("major", "1".to_owned()), ("raw", "v1".to_owned())]
                .into(),
            dates: Some(Dates {
                now: OffsetDateTime::from_unix_timestamp(1_578_616_200).unwrap(),
                commit: OffsetDateTime::UNIX_EPOCH,
                clock: Clock::utc(),
            }),
        };
        Template::parse(text)?.render(&scope)
    }

    #[test]
    fn expressions() {
        for (text, expected) in [
            ("plain", "plain"),
            ("{{branch}}", "a/b&#x3D;c&amp;d"),
            ("{{{branch}}}x", "a/b=c&dx"),
            ("{{& branch}}", "a/b=c&d"),
            ("v{{ major }}.{{major}}", "v1.1"),
            ("{{unknown}}|{{repository.name}}", "|"),
            ("{{date 'YYYYMMDD'}}", "20200110"),
            ("{{date \"YYYY\" tz='UTC'}}", "2020"),
            ("{{commit_date 'YYYY'}}", "1970"),
            ("{{date '[it''s]'}}", "!"),
            ("{{date 'HH[\\'s]'}}", "00&#x27;s"),
            ("{{date YYYY-MM-DD}}", "2020-01-10T00:30:00Z"),
            ("a {{~major~}} b", "a1b"),
            ("{{! no }}x{{!-- }} --}}y", "xy"),
            (r"\{{major}} {{major}}", "{{major}} 1"),
            (r"\\{{major}}", r"\1"),
            ("}} }", "}} }"),
        ] {
            match expected {
                "!" => assert!(render(text).is_err(), "{text}"),
                _ => assert_eq!(render(text).as_deref(), Ok(expected), "{text}"),
            }
        }
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for bad in [
            "{{",
            "{{raw }.",
            "{{#if x}}{{/if}}",
            "{{> x}}",
            "{{}}",
            "{{branch'x'}}",
            "{{foo 'x'}}",
            "{{date}}",
        ] {
            assert!(render(bad).is_err(), "{bad}");
        }
        assert!(render("{{date 'YYYY' zone='UTC'}}").unwrap_err().contains("zone"));
    }

    #[test]
    fn raw_alone() {
        let raw = |text: &str| Template::parse(text).is_ok_and(|template| template.is_raw());
        assert!(raw("{{raw}}") && raw("{{ raw }}") && raw("{{ raw}}"));
        assert!(!raw("{{ raw }}.{{ version }}") && !raw("{{raw}}x") && !raw("raw"));
    }
}
