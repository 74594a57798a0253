//! Rows as bytes, for as long as a rebuild lasts.
//!
//! A row is its mark, the number of its cells, and each of them: its kind, and its value. Lengths are 32 bits, and all numbers
//! little-endian. Most of what rows hold are hashes, so of those each two digits are a byte.

use crate::service::token::hex;
use crate::store::Cell;

const NULL: u8 = 0;
const INT: u8 = 1;
const TEXT: u8 = 2;
/// An even number of lower-case hexadecimal digits.
const HEX: u8 = 3;
/// The same after [`ALGORITHM`].
const DIGEST: u8 = 4;

/// What digests begin with.
const ALGORITHM: &str = "sha256:";

/// A row, marked by whoever wrote it.
pub(super) type Marked = (u8, Vec<Cell>);

/// Adds a row to what was written.
pub(super) fn write<'a>(mark: u8, row: impl ExactSizeIterator<Item = &'a Cell>, bytes: &mut Vec<u8>) {
    bytes.push(mark);
    length(row.len(), bytes);
    for cell in row {
        match cell {
            Cell::Null => bytes.push(NULL),
            Cell::Int(value) => {
                bytes.push(INT);
                bytes.extend(value.to_le_bytes());
            }
            Cell::Text(text) => write_text(text, bytes),
        }
    }
}

fn write_text(text: &str, bytes: &mut Vec<u8>) {
    let start = bytes.len();
    let (kind, digits) = match text.strip_prefix(ALGORITHM) {
        Some(digits) => (DIGEST, digits),
        None => (HEX, text),
    };
    bytes.push(kind);
    length(digits.len() / 2, bytes);
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    if rest.is_empty() && pairs.iter().all(|pair| pack(*pair).map(|byte| bytes.push(byte)).is_some()) {
        return;
    }
    bytes.truncate(start);
    bytes.push(TEXT);
    length(text.len(), bytes);
    bytes.extend(text.as_bytes());
}

/// A text is at most as long as a document, which is some megabytes.
fn length(length: usize, bytes: &mut Vec<u8>) {
    bytes.extend(u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
}

fn pack([high, low]: [u8; 2]) -> Option<u8> {
    let value = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    Some(value(high)? << 4 | value(low)?)
}

/// All rows that were written; none if something else was.
pub(super) fn read(mut bytes: &[u8]) -> Option<Vec<Marked>> {
    let mut rows = Vec::new();
    while let Some((mark, rest)) = bytes.split_first() {
        bytes = rest;
        let cells = read_length(&mut bytes)?;
        let cells: Option<Vec<Cell>> = (0..cells).map(|_| read_cell(&mut bytes)).collect();
        rows.push((*mark, cells?));
    }
    Some(rows)
}

fn read_length(bytes: &mut &[u8]) -> Option<usize> {
    let (length, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    usize::try_from(u32::from_le_bytes(*length)).ok()
}

fn read_cell(bytes: &mut &[u8]) -> Option<Cell> {
    let (kind, rest) = bytes.split_first()?;
    *bytes = rest;
    match *kind {
        NULL => return Some(Cell::Null),
        INT => {
            let (value, rest) = bytes.split_first_chunk()?;
            *bytes = rest;
            return Some(Cell::Int(i64::from_le_bytes(*value)));
        }
        _ => {}
    }
    let length = read_length(bytes)?;
    let (value, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    match *kind {
        TEXT => std::str::from_utf8(value).ok().map(Cell::from),
        HEX => Some(Cell::from(hex(value))),
        DIGEST => Some(Cell::from(format!("{ALGORITHM}{}", hex(value)))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cell() -> impl Strategy<Value = Cell> {
        prop_oneof![
            Just(Cell::Null),
            any::<i64>().prop_map(Cell::Int),
            "(sha256:)?[0-9a-f]{0,10}".prop_map(Cell::Text),
            "(sha256:)?[0-9a-fA-G:\u{fc}]{0,10}".prop_map(Cell::Text),
        ]
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(rows in prop::collection::vec((any::<u8>(), prop::collection::vec(cell(), 0..5)), 0..5)) {
            let mut bytes = Vec::new();
            rows.iter().for_each(|(mark, row)| write(*mark, row.iter(), &mut bytes));
            prop_assert_eq!(read(&bytes), Some(rows));
            // Half a row is none.
            if let Some(cut) = bytes.len().checked_sub(1) {
                prop_assert_eq!(read(&bytes[..cut]), None);
            }
        }

        #[test]
        fn anything_else_is_nothing_and_no_panic(bytes in prop::collection::vec(0_u8..6, 0..60)) {
            read(&bytes);
        }
    }

    #[test]
    fn hashes_take_half_the_room() {
        let mut bytes = Vec::new();
        write(0, [Cell::from(format!("sha256:{}", "0f".repeat(32)))].iter(), &mut bytes);
        assert_eq!(bytes.len(), 1 + 4 + 1 + 4 + 32);
    }
}
