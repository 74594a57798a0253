//! Rows that are wanted together with others of their subject, and come in any order.
//!
//! They are kept in parts, of which each is small enough to be in memory by itself. What is held of all parts goes to a file
//! without a name once it is too much, so that nothing is left of it however the process ends.

use super::compact::{self, Marked};
use crate::store::{Cell, StoreError};
use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;

/// How many parts there are.
pub(super) const PARTS: usize = 128;

/// How many bytes are held in memory.
const HELD: usize = 32 << 20;

/// Rows in parts.
pub(super) struct Parts {
    parts: Vec<Part>,
    /// How many bytes all parts hold, and at how many they go to the file.
    held: usize,
    most: usize,
    overflow: Overflow,
}

#[derive(Default)]
struct Part {
    held: Vec<u8>,
    written: Vec<Range<u64>>,
}

/// Where rows go that are too many.
enum Overflow {
    /// A file in this folder, once it is needed.
    Folder(PathBuf),
    /// This file, which is so long.
    File(File, u64),
    /// Nowhere: there was no file to be had.
    Nowhere,
}

impl Parts {
    /// Without rows. What is too much goes to a file in `folder`.
    pub fn new(folder: PathBuf) -> Self {
        Self::holding(HELD, folder)
    }

    fn holding(most: usize, folder: PathBuf) -> Self {
        let parts = (0..PARTS).map(|_| Part::default()).collect();
        Self { parts, held: 0, most, overflow: Overflow::Folder(folder) }
    }

    /// Adds a row to a part; `mark` says what it is a row of.
    pub fn put<'a>(&mut self, part: usize, mark: u8, row: impl ExactSizeIterator<Item = &'a Cell>) {
        let held = &mut self.parts[part % PARTS].held;
        let before = held.len();
        compact::write(mark, row, held);
        self.held += held.len() - before;
        if self.held > self.most {
            self.spill();
        }
    }

    /// Takes the rows of a part out, in the order in which they were put.
    ///
    /// # Errors
    /// When the file cannot be read any more.
    pub fn take(&mut self, part: usize) -> Result<Vec<Marked>, StoreError> {
        let part = std::mem::take(&mut self.parts[part % PARTS]);
        let mut bytes = Vec::new();
        if let Overflow::File(file, _) = &self.overflow {
            for range in part.written {
                let from = bytes.len();
                let length = usize::try_from(range.end - range.start).map_err(StoreError::corrupt)?;
                bytes.resize(from + length, 0);
                file.read_exact_at(&mut bytes[from..], range.start).map_err(|error| {
                    StoreError::Unavailable(format!("a temporary file cannot be read: {error}"))
                })?;
            }
        }
        self.held -= part.held.len();
        bytes.extend(part.held);
        compact::read(&bytes).ok_or_else(|| StoreError::corrupt("a row in a temporary file"))
    }

    /// Writes what is held to the file. Where that cannot be, it stays in memory.
    fn spill(&mut self) {
        if let Overflow::Folder(folder) = &self.overflow {
            self.overflow = match tempfile::tempfile_in(folder) {
                Ok(file) => Overflow::File(file, 0),
                Err(error) => {
                    let folder = folder.display();
                    tracing::warn!(%folder, %error, "no temporary file can be made: more is kept in memory");
                    Overflow::Nowhere
                }
            };
        }
        if let Overflow::File(file, end) = &mut self.overflow {
            for part in &mut self.parts {
                if let Err(error) = file.write_all_at(&part.held, *end) {
                    tracing::warn!(%error, "a temporary file cannot be written: more is kept in memory");
                    break;
                }
                let from = *end;
                *end += part.held.len() as u64;
                part.written.push(from..*end);
                self.held -= part.held.len();
                part.held = Vec::new();
            }
        }
        // What stays must not make each further row try again.
        self.most = self.most.max(2 * self.held);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Puts so many rows, each into the part of its number.
    fn filled(mut parts: Parts, rows: usize) -> Parts {
        for number in 0..rows {
            let row = [Cell::from(format!("{number} rows")), Cell::Null];
            parts.put(number, u8::try_from(number % 7).unwrap(), row.iter());
        }
        parts
    }

    fn assert_all(mut parts: Parts, rows: usize) {
        for part in 0..PARTS {
            let expected: Vec<_> = (part..rows)
                .step_by(PARTS)
                .map(|number| {
                    (
                        u8::try_from(number % 7).unwrap(),
                        vec![Cell::from(format!("{number} rows")), Cell::Null],
                    )
                })
                .collect();
            assert_eq!(parts.take(part).unwrap(), expected);
        }
        assert_eq!(parts.held, 0);
    }

    #[test]
    fn few_rows_stay_in_memory() {
        let parts = filled(Parts::holding(1 << 20, PathBuf::from("/nonexistent")), 1000);
        assert!(matches!(parts.overflow, Overflow::Folder(_)));
        assert_all(parts, 1000);
    }

    #[test]
    fn what_is_too_much_goes_to_a_file_that_nobody_sees() {
        let folder = tempfile::tempdir().unwrap();
        let parts = filled(Parts::holding(1000, folder.path().to_owned()), 5000);
        assert!(matches!(parts.overflow, Overflow::File(_, length) if length > 50_000), "it was not used");
        assert!(parts.held <= 1000);
        assert_eq!(folder.path().read_dir().unwrap().count(), 0);
        assert_all(parts, 5000);
    }

    #[test]
    fn without_a_file_all_stays_in_memory() {
        let parts = filled(Parts::holding(1000, PathBuf::from("/nonexistent")), 5000);
        assert!(matches!(parts.overflow, Overflow::Nowhere));
        assert_all(parts, 5000);
        // A device that takes nothing, as a full disk does.
        let mut parts = Parts::holding(1000, PathBuf::new());
        parts.overflow = Overflow::File(File::options().read(true).write(true).open("/dev/full").unwrap(), 0);
        assert_all(filled(parts, 5000), 5000);
    }
}
