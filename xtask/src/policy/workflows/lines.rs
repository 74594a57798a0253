//! Where a value of a YAML file stands.
//!
//! The parser keeps no places, so they are looked up by indentation. That is enough for block style, which is what
//! workflows are written in; inside flow style (`{a: 1}`) the answer is the line that it begins on.

/// A step on the way to a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum At {
    /// A mapping's key.
    Key(String),
    /// A list's item, from 0.
    Item(usize),
}

/// The way to a value, from the file's top.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place(Vec<At>);

impl Place {
    /// The value under a key of this one.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        let mut place = self.clone();
        place.0.push(At::Key(key.to_owned()));
        place
    }

    /// An item of this list.
    #[must_use]
    pub fn item(&self, number: usize) -> Self {
        let mut place = self.clone();
        place.0.push(At::Item(number));
        place
    }
}

/// A part of the file: from a column of its first line up to, and without, the line `end`.
#[derive(Clone, Copy)]
struct Region {
    start: usize,
    column: usize,
    end: usize,
}

/// The line, from 1, that a value or its key stands on; the nearest one above it that is found.
pub fn line_of(text: &str, place: &Place) -> usize {
    let lines: Vec<&str> = text.lines().collect();
    let Some(start) = (0..lines.len()).find(|&at| is_content(lines[at])) else {
        return 1;
    };
    let mut region = Region { start, column: indent(lines[start]), end: lines.len() };
    let mut found = start;
    for at in &place.0 {
        let next = match at {
            At::Key(key) => find_key(&lines, region, key),
            At::Item(number) => find_item(&lines, region, *number),
        };
        let Some((line, inner)) = next else { break };
        found = line;
        let Some(inner) = inner else { break };
        region = inner;
    }
    found + 1
}

fn is_content(line: &str) -> bool {
    let line = line.trim_start();
    !line.is_empty() && !line.starts_with('#') && line != "---"
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

fn is_item(line: &str) -> bool {
    let line = line.trim_start();
    line == "-" || line.starts_with("- ")
}

/// The key's line, and the part that is its value where that stands below.
fn find_key(lines: &[&str], region: Region, key: &str) -> Option<(usize, Option<Region>)> {
    let starts = |at: usize| {
        let column = if at == region.start { region.column } else { indent(lines[at]) };
        let rest = lines[at].get(column..)?;
        let rest = rest.strip_prefix(['"', '\'']).unwrap_or(rest).strip_prefix(key)?;
        let rest = rest.strip_prefix(['"', '\'']).unwrap_or(rest);
        (column == region.column && rest.starts_with(':')).then_some(())
    };
    let line = (region.start..region.end).find(|&at| is_content(lines[at]) && starts(at).is_some())?;
    let mut below = (line + 1..region.end).filter(|&at| is_content(lines[at]));
    let Some(first) = below.next() else {
        return Some((line, None));
    };
    let column = indent(lines[first]);
    // A list may stand in its key's own column.
    let list_beside = column == region.column && is_item(lines[first]);
    if column <= region.column && !list_beside {
        return Some((line, None));
    }
    let ends = |at: usize| {
        let other = indent(lines[at]);
        other < region.column || other == region.column && !(list_beside && is_item(lines[at]))
    };
    let end = (first..region.end).find(|&at| is_content(lines[at]) && ends(at)).unwrap_or(region.end);
    Some((line, Some(Region { start: first, column, end })))
}

/// The item's line, and the part that is the item.
fn find_item(lines: &[&str], region: Region, number: usize) -> Option<(usize, Option<Region>)> {
    let mut items = (region.start..region.end)
        .filter(|&at| is_content(lines[at]) && indent(lines[at]) == region.column && is_item(lines[at]));
    let line = items.nth(number)?;
    let end = items.next().unwrap_or(region.end);
    let text = lines[line].get(region.column + 1..).unwrap_or_default();
    let column = region.column + 1 + indent(text);
    Some((line, Some(Region { start: line, column, end })))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# a comment
name: CI

on:
  push:
    branches: [\"**\"]
jobs:
  a:
    # run: not this one
    steps:
      - uses: x
        with:
          run: no
      - name: y
        run: |
          run: not this either
        env:
          A: b
  b:
    steps:
    - run: z
    - run: last
    timeout-minutes: 5
";

    fn line(place: &Place) -> &'static str {
        TEXT.lines().nth(line_of(TEXT, place) - 1).unwrap().trim()
    }

    #[test]
    fn values_are_found_by_their_indentation() {
        let top = Place::default();
        let steps = top.key("jobs").key("a").key("steps");
        assert_eq!(line(&top), "name: CI");
        assert_eq!(line(&top.key("on").key("push").key("branches")), "branches: [\"**\"]");
        assert_eq!(line(&steps.item(0).key("uses")), "- uses: x");
        assert_eq!(line(&steps.item(0).key("with").key("run")), "run: no");
        assert_eq!(line(&steps.item(1).key("run")), "run: |");
        assert_eq!(line(&steps.item(1).key("env").key("A")), "A: b");
    }

    #[test]
    fn a_list_may_stand_in_the_column_of_its_key() {
        let job = Place::default().key("jobs").key("b");
        assert_eq!(line(&job.key("steps").item(0).key("run")), "- run: z");
        assert_eq!(line(&job.key("steps").item(1).key("run")), "- run: last");
        assert_eq!(line(&job.key("timeout-minutes")), "timeout-minutes: 5");
    }

    #[test]
    fn what_is_not_there_is_answered_with_what_is_nearest() {
        let top = Place::default();
        assert_eq!(line(&top.key("jobs").key("a").key("permissions")), "a:");
        assert_eq!(line(&top.key("concurrency")), "name: CI");
        assert_eq!(line_of("", &top.key("x")), 1);
        assert_eq!(line_of("x: {y: 1}", &top.key("x").key("y")), 1);
    }
}
