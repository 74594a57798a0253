//! Which database schemas an image can run on, as the tree's migrations say.

use anyhow::{Context as _, Result};
use evidence::SchemaRange;
use std::collections::BTreeMap;
use std::path::Path;

/// The label with the oldest schema that the program works on.
pub const MIN: &str = "org.portbook.schema.min";

/// The label with the schema that its own migrations lead to.
pub const MAX: &str = "org.portbook.schema.max";

/// Where the migrations are, in the tree.
const MIGRATIONS: &str = "backend/migrations";

/// The range of a tree; none where there are no migrations.
///
/// # Errors
/// When the migrations are there, and tell no range.
pub fn of_tree(root: &Path) -> Result<Option<SchemaRange>> {
    let folder = root.join(MIGRATIONS);
    if !folder.exists() {
        return Ok(None);
    }
    let read = || -> Result<SchemaRange> {
        let oldest = std::fs::read_to_string(folder.join("oldest")).context("oldest")?;
        let mut files = Vec::new();
        // Both databases have the same steps; a test of the program's holds them to that.
        for entry in std::fs::read_dir(folder.join("sqlite")).context("sqlite")? {
            files.push(entry?.file_name().to_string_lossy().into_owned());
        }
        range(&oldest, &files)
    };
    read().map(Some).with_context(|| format!("{MIGRATIONS} does not tell which schemas the program runs on"))
}

/// The range by the content of `oldest` and the names of the migrations, `NNNN_name.sql`.
fn range(oldest: &str, files: &[String]) -> Result<SchemaRange> {
    let min = oldest.trim();
    let min: u64 = min.parse().with_context(|| format!("oldest holds {min:?}, expected a number"))?;
    let mut max = None;
    for file in files {
        let number = file.strip_suffix(".sql").and_then(|name| name.split_once('_')?.0.parse::<u64>().ok());
        max = max.max(Some(number.with_context(|| format!("{file}, expected NNNN_name.sql"))?));
    }
    let max = max.context("no migration")?;
    anyhow::ensure!(min <= max, "oldest is {min}, and the newest migration is {max}");
    Ok(SchemaRange { min, max })
}

/// What is wrong with an image's labels, in words.
pub fn wrong_labels(labels: &BTreeMap<String, String>, range: SchemaRange) -> Vec<String> {
    let expected = [(MIN, range.min), (MAX, range.max)];
    let wrong = expected.into_iter().filter_map(|(name, number)| {
        let label = labels.get(name).map_or("", String::as_str);
        let is = if label.is_empty() { "missing".to_owned() } else { format!("{label:?}") };
        (label != number.to_string()).then(|| format!("its label {name} is {is}, expected {number}"))
    });
    wrong.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(oldest: &str, files: &[&str]) -> Result<(u64, u64), String> {
        let files: Vec<String> = files.iter().map(|&file| file.to_owned()).collect();
        range(oldest, &files).map(|range| (range.min, range.max)).map_err(|error| error.to_string())
    }

    #[test]
    fn the_range_goes_from_the_oldest_schema_to_the_newest_migration() {
        let files = ["0002_b.sql", "0010_contract_c.sql", "0001_a.sql"];
        assert_eq!(told("2\n", &files), Ok((2, 10)));
        assert_eq!(told("10", &files), Ok((10, 10)));
        assert!(told("11", &files).unwrap_err().contains("newest migration is 10"));
        assert!(told("two", &files).unwrap_err().contains("expected a number"));
        assert!(told("1", &["0001_a.sql", "notes.txt"]).unwrap_err().contains("notes.txt"));
        assert!(told("1", &["a_b.sql"]).unwrap_err().contains("NNNN_name.sql"));
        assert!(told("1", &[]).unwrap_err().contains("no migration"));
    }

    #[test]
    fn this_tree_has_a_range_and_a_tree_without_migrations_has_none() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        assert!(of_tree(root).unwrap().is_some());
        assert!(of_tree(&root.join("docs")).unwrap().is_none());
    }

    #[test]
    fn labels_that_are_missing_empty_or_of_another_range_are_wrong() {
        let range = SchemaRange { min: 2, max: 5 };
        let labels =
            |min: &str, max: &str| BTreeMap::from([(MIN.into(), min.into()), (MAX.into(), max.into())]);
        assert_eq!(wrong_labels(&labels("2", "5"), range), Vec::<String>::new());
        assert_eq!(
            wrong_labels(&labels("", "4"), range),
            [
                "its label org.portbook.schema.min is missing, expected 2",
                "its label org.portbook.schema.max is \"4\", expected 5"
            ]
        );
        assert_eq!(wrong_labels(&BTreeMap::new(), range).len(), 2);
    }
}
