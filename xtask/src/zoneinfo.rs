//! The system's time zones. No table of them is compiled in: whoever names a zone has it installed, and UTC needs none.

use std::path::Path;
use time::{OffsetDateTime, UtcOffset};

/// Where systems keep their time zones.
const FOLDERS: [&str; 3] = ["/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/etc/zoneinfo"];

/// What a zone, by its IANA name, says of a moment: its offset and its abbreviation.
pub fn look_up(name: &str, at: OffsetDateTime) -> Option<(UtcOffset, String)> {
    let plain = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'+'))
    };
    if !name.split('/').all(plain) {
        return None;
    }
    let bytes = FOLDERS.iter().find_map(|folder| std::fs::read(Path::new(folder).join(name)).ok())?;
    let zone = tz::TimeZone::from_tz_data(&bytes).ok()?;
    let local = zone.find_local_time_type(at.unix_timestamp()).ok()?;
    let offset = UtcOffset::from_whole_seconds(local.ut_offset()).ok()?;
    Some((offset, local.time_zone_designation().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_zones_and_nothing_else() {
        let at = OffsetDateTime::UNIX_EPOCH;
        for bad in ["", "/etc/passwd", "../zoneinfo/UTC", "Mars/Olympus", "Europe/", "a b"] {
            assert_eq!(look_up(bad, at), None, "{bad}");
        }
    }

    #[test]
    fn summer_time_is_known() {
        // A machine without time zones is told so by `tags`; there is nothing to test on it.
        if !Path::new(FOLDERS[0]).join("Europe/Madrid").exists() {
            return;
        }
        let offset = |seconds: i64| {
            look_up("Europe/Madrid", OffsetDateTime::from_unix_timestamp(seconds).unwrap()).unwrap()
        };
        assert_eq!(offset(1_578_616_200), (UtcOffset::from_hms(1, 0, 0).unwrap(), "CET".to_owned()));
        // Long after the last transition that the file lists.
        assert_eq!(offset(4_118_400_000 + 86_400 * 10).0, UtcOffset::from_hms(2, 0, 0).unwrap());
    }
}
