//! Dates as moment.js formats them, in English.

use std::fmt::{self, Write as _};
use time::{Date, Month, OffsetDateTime, UtcOffset};

/// What a time zone says of a moment: its offset and its abbreviation. Nothing for a zone that is not known.
pub type Zones<'a> = &'a dyn Fn(&str, OffsetDateTime) -> Option<(UtcOffset, String)>;

/// Formats moments in time zones.
#[derive(Clone, Copy)]
pub struct Clock<'a>(Zones<'a>);

impl fmt::Debug for Clock<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

impl<'a> Clock<'a> {
    /// With the zones that a caller knows. UTC is always known.
    pub fn new(zones: Zones<'a>) -> Self {
        Self(zones)
    }

    /// UTC and no other zone.
    pub fn utc() -> Self {
        Self(&|_, _| None)
    }

    /// Formats a moment; without a format as ISO 8601 does.
    ///
    /// # Errors
    /// When the time zone is not known.
    pub fn format(&self, at: OffsetDateTime, format: Option<&str>, zone: &str) -> Result<String, String> {
        let utc = ["UTC", "Etc/UTC", "GMT", "Etc/GMT", "UCT", "Zulu"]
            .iter()
            .any(|name| zone.eq_ignore_ascii_case(name));
        let (offset, abbreviation) = if utc {
            (UtcOffset::UTC, zone.trim_start_matches("Etc/").to_uppercase())
        } else {
            (self.0)(zone, at)
                .ok_or_else(|| format!("the time zone {zone:?} is not known on this machine"))?
        };
        let moment = Moment {
            at: at.checked_to_offset(offset).ok_or_else(|| "the date is out of range".to_owned())?,
            abbreviation,
        };
        let default = if utc { "YYYY-MM-DDTHH:mm:ss[Z]" } else { "YYYY-MM-DDTHH:mm:ssZ" };
        Ok(moment.format(format.unwrap_or(default)))
    }
}

struct Moment {
    at: OffsetDateTime,
    abbreviation: String,
}

/// Every token, longer ones before those they begin with.
const TOKENS: [&str; 81] = [
    "Hmmss",
    "Hmm",
    "hmmss",
    "hmm",
    "Mo",
    "MMMM",
    "MMM",
    "MM",
    "M",
    "Do",
    "DDDo",
    "DDDD",
    "DDD",
    "DD",
    "D",
    "dddd",
    "ddd",
    "do",
    "dd",
    "d",
    "wo",
    "ww",
    "w",
    "Wo",
    "WW",
    "W",
    "Qo",
    "Q",
    "NNNNN",
    "NNNN",
    "NNN",
    "NN",
    "N",
    "YYYYYY",
    "YYYYY",
    "YYYY",
    "YY",
    "Y",
    "yyyy",
    "yyy",
    "yy",
    "yo",
    "y",
    "ggggg",
    "gggg",
    "gg",
    "GGGGG",
    "GGGG",
    "GG",
    "e",
    "E",
    "a",
    "A",
    "hh",
    "h",
    "HH",
    "H",
    "kk",
    "k",
    "mm",
    "m",
    "ss",
    "s",
    "SSSSSSSSS",
    "SSSSSSSS",
    "SSSSSSS",
    "SSSSSS",
    "SSSSS",
    "SSSS",
    "SSS",
    "SS",
    "S",
    "x",
    "X",
    "zz",
    "z",
    "ZZ",
    "Z",
    "LTS",
    "LT",
    "L",
];

/// Formats that are short for others.
const LONG: [(&str, &str); 9] = [
    ("LLLL", "dddd, MMMM D, YYYY h:mm A"),
    ("LLL", "MMMM D, YYYY h:mm A"),
    ("LL", "MMMM D, YYYY"),
    ("LTS", "h:mm:ss A"),
    ("LT", "h:mm A"),
    ("llll", "ddd, MMM D, YYYY h:mm A"),
    ("lll", "MMM D, YYYY h:mm A"),
    ("ll", "MMM D, YYYY"),
    ("l", "M/D/YYYY"),
];

impl Moment {
    fn format(&self, format: &str) -> String {
        let mut text = String::new();
        let mut rest = format;
        while let Some(first) = rest.chars().next() {
            if let Some((literal, after)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']'))
                && !literal.contains('[')
            {
                text.push_str(literal);
                rest = after;
            } else if let Some((short, long)) = LONG.iter().find(|(short, _)| rest.starts_with(short)) {
                text.push_str(&self.format(long));
                rest = &rest[short.len()..];
            } else if let Some(token) = TOKENS.iter().find(|token| rest.starts_with(**token)) {
                self.token(token, &mut text);
                rest = &rest[token.len()..];
            } else if first == '\\' && rest.len() > 1 {
                // A backslash keeps the token after it.
                rest = &rest[1..];
                let kept = TOKENS
                    .iter()
                    .find(|token| rest.starts_with(**token))
                    .map_or_else(|| rest.chars().next().map_or(0, char::len_utf8), |token| token.len());
                text.push_str(&rest[..kept]);
                rest = &rest[kept..];
            } else {
                text.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
        text
    }

    fn token(&self, token: &str, text: &mut String) {
        let at = self.at;
        let date = at.date();
        let (hour, minute, second) = at.to_hms();
        let twelve = if hour % 12 == 0 { 12 } else { hour % 12 };
        let weekday = date.weekday();
        let (iso_year, iso_week, _) = date.to_iso_week_date();
        let (week_year, week) = english_week(date);
        // Writing to a String cannot fail.
        let _ = match token {
            "M" => write!(text, "{}", u8::from(date.month())),
            "Mo" => write!(text, "{}", ordinal(u8::from(date.month()).into())),
            "MM" => write!(text, "{:02}", u8::from(date.month())),
            "MMM" => write!(text, "{:.3}", date.month().to_string()),
            "MMMM" => write!(text, "{}", date.month()),
            "Q" => write!(text, "{}", u8::from(date.month()).div_ceil(3)),
            "Qo" => write!(text, "{}", ordinal(u16::from(u8::from(date.month()).div_ceil(3)))),
            "D" => write!(text, "{}", date.day()),
            "Do" => write!(text, "{}", ordinal(date.day().into())),
            "DD" => write!(text, "{:02}", date.day()),
            "DDD" => write!(text, "{}", date.ordinal()),
            "DDDo" => write!(text, "{}", ordinal(date.ordinal())),
            "DDDD" => write!(text, "{:03}", date.ordinal()),
            "d" | "e" => write!(text, "{}", weekday.number_days_from_sunday()),
            "do" => write!(text, "{}", ordinal(weekday.number_days_from_sunday().into())),
            "dd" => write!(text, "{:.2}", weekday.to_string()),
            "ddd" => write!(text, "{:.3}", weekday.to_string()),
            "dddd" => write!(text, "{weekday}"),
            "E" => write!(text, "{}", weekday.number_from_monday()),
            "w" => write!(text, "{week}"),
            "wo" => write!(text, "{}", ordinal(week)),
            "ww" => write!(text, "{week:02}"),
            "W" => write!(text, "{iso_week}"),
            "Wo" => write!(text, "{}", ordinal(iso_week.into())),
            "WW" => write!(text, "{iso_week:02}"),
            "YY" => write!(text, "{:02}", date.year().rem_euclid(100)),
            "Y" | "y" => write!(text, "{}", date.year()),
            "yo" => write!(text, "{}", date.year()),
            "yy" | "yyy" | "yyyy" | "YYYY" => write!(text, "{:04}", date.year()),
            "YYYYY" => write!(text, "{:05}", date.year()),
            "YYYYYY" => write!(text, "{:+07}", date.year()),
            "gg" => write!(text, "{:02}", week_year.rem_euclid(100)),
            "gggg" => write!(text, "{week_year:04}"),
            "ggggg" => write!(text, "{week_year:05}"),
            "GG" => write!(text, "{:02}", iso_year.rem_euclid(100)),
            "GGGG" => write!(text, "{iso_year:04}"),
            "GGGGG" => write!(text, "{iso_year:05}"),
            "a" => write!(text, "{}", if hour < 12 { "am" } else { "pm" }),
            "A" => write!(text, "{}", if hour < 12 { "AM" } else { "PM" }),
            "H" => write!(text, "{hour}"),
            "HH" => write!(text, "{hour:02}"),
            "h" => write!(text, "{twelve}"),
            "hh" => write!(text, "{twelve:02}"),
            "k" => write!(text, "{}", if hour == 0 { 24 } else { hour }),
            "kk" => write!(text, "{:02}", if hour == 0 { 24 } else { hour }),
            "Hmm" => write!(text, "{hour}{minute:02}"),
            "Hmmss" => write!(text, "{hour}{minute:02}{second:02}"),
            "hmm" => write!(text, "{twelve}{minute:02}"),
            "hmmss" => write!(text, "{twelve}{minute:02}{second:02}"),
            "m" => write!(text, "{minute}"),
            "mm" => write!(text, "{minute:02}"),
            "s" => write!(text, "{second}"),
            "ss" => write!(text, "{second:02}"),
            "X" => write!(text, "{}", at.unix_timestamp()),
            "x" => write!(text, "{}", at.unix_timestamp_nanos() / 1_000_000),
            "z" | "zz" => write!(text, "{}", self.abbreviation),
            "Z" | "ZZ" => {
                let (hours, minutes, _) = at.offset().as_hms();
                let sign = if at.offset().is_negative() { '-' } else { '+' };
                let colon = if token == "Z" { ":" } else { "" };
                write!(text, "{sign}{:02}{colon}{:02}", hours.unsigned_abs(), minutes.unsigned_abs())
            }
            "L" => write!(text, "{}", self.format("MM/DD/YYYY")),
            era if era.starts_with('N') => {
                write!(text, "{}", if era == "NNNN" { "Anno Domini" } else { "AD" })
            }
            // Its moments have milliseconds and no finer fraction.
            fraction => {
                let digits = format!("{:03}000000", at.millisecond());
                write!(text, "{}", &digits[..fraction.len().min(digits.len())])
            }
        };
    }
}

/// The week-numbering year and week where weeks begin on Sunday and week 1 has January 1st.
fn english_week(date: Date) -> (i32, u16) {
    let first_weekday = |year: i32| {
        Date::from_calendar_date(year, Month::January, 1)
            .map_or(0, |first| u16::from(first.weekday().number_days_from_sunday()))
    };
    // The last days of December belong to the week of the next January 1st.
    let next = first_weekday(date.year() + 1);
    let days_left = time::util::days_in_year(date.year()) - date.ordinal();
    if days_left < next {
        (date.year() + 1, 1)
    } else {
        (date.year(), (date.ordinal() - 1 + first_weekday(date.year())) / 7 + 1)
    }
}

/// `1st`, `2nd`, `3rd`, `4th`, … `11th`.
fn ordinal(number: u16) -> String {
    let ending = match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(format: &str) -> String {
        let at = OffsetDateTime::from_unix_timestamp_nanos(1_578_616_205_678_000_000).unwrap();
        let tokyo = |zone: &str, _| {
            (zone == "Asia/Tokyo").then(|| (UtcOffset::from_hms(9, 0, 0).unwrap(), "JST".to_owned()))
        };
        Clock::new(&tokyo).format(at, Some(format), "Asia/Tokyo").unwrap()
    }

    #[test]
    fn tokens_are_moments() {
        for (given, expected) in [
            ("YYYYMMDD-HHmmss", "20200110-093005"),
            ("YYYY-MM-DDTHH:mm:ss.SSS[Z]", "2020-01-10T09:30:05.678Z"),
            ("ddd Do MMM YY, h:mm a", "Fri 10th Jan 20, 9:30 am"),
            ("dddd MMMM D", "Friday January 10"),
            ("DDD DDDD DDDo Q Qo E e d", "10 010 10th 1 1st 5 5 5"),
            ("W WW GGGG w ww gggg", "2 02 2020 2 02 2020"),
            ("Z ZZ z", "+09:00 +0900 JST"),
            ("X", "1578616205"),
            ("x", "1578616205678"),
            ("S SS SSSS", "6 67 6780"),
            ("[YYYY] \\YYYY Y", "YYYY YYYY 2020"),
            ("Hmm hmmss kk A", "930 93005 09 AM"),
            ("LT|L|LL|l", "9:30 AM|01/10/2020|January 10, 2020|1/10/2020"),
            ("é[", "é["),
        ] {
            assert_eq!(format(given), expected, "{given}");
        }
    }

    #[test]
    fn zones_are_known_or_refused() {
        let at = OffsetDateTime::UNIX_EPOCH;
        assert_eq!(Clock::utc().format(at, None, "UTC").unwrap(), "1970-01-01T00:00:00Z");
        assert!(Clock::utc().format(at, None, "Mars/Olympus").unwrap_err().contains("Mars"));
    }

    #[test]
    fn weeks_at_the_turn_of_the_year() {
        let date = |year, month, day| Date::from_calendar_date(year, month, day).unwrap();
        assert_eq!(english_week(date(2019, Month::December, 28)), (2019, 52));
        assert_eq!(english_week(date(2019, Month::December, 29)), (2020, 1));
        assert_eq!(english_week(date(2022, Month::January, 1)), (2022, 1));
        assert_eq!(english_week(date(2022, Month::December, 31)), (2022, 53));
    }
}
