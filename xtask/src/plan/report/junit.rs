//! A run as JUnit XML, the form that CI systems show: a suite per job, a case per step.

use super::{Outcome, RunReport};
use crate::plan::counts::strip_ansi;
use std::fmt::Write as _;

/// The report as JUnit XML text.
pub fn text(name: &str, report: &RunReport) -> String {
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(xml, "<testsuites name=\"{}\" time=\"{:.3}\">", escape(name), report.time.as_secs_f64());
    for job in &report.jobs {
        let count = |test: fn(&Outcome) -> bool| job.steps.iter().filter(|s| test(&s.outcome)).count();
        let failures = count(|o| matches!(o, Outcome::Failed(_) | Outcome::Cancelled));
        let skipped = count(|o| o.reason().is_some());
        let _ = writeln!(
            xml,
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{failures}\" skipped=\"{skipped}\" time=\"{:.3}\">",
            escape(&job.name),
            job.steps.len(),
            job.time().as_secs_f64(),
        );
        for step in &job.steps {
            let _ = write!(
                xml,
                "    <testcase classname=\"{}\" name=\"{}\" time=\"{:.3}\"",
                escape(&job.name),
                escape(&step.id),
                step.time.as_secs_f64(),
            );
            let inner = match &step.outcome {
                Outcome::Passed | Outcome::Unchanged => None,
                Outcome::Failed(_) | Outcome::Cancelled => Some(format!(
                    "<failure message=\"{}\">{}</failure>",
                    escape(&step.line),
                    escape(&step.tail)
                )),
                other => {
                    Some(format!("<skipped message=\"{}\"/>", escape(other.reason().unwrap_or_default())))
                }
            };
            let _ = match inner {
                None => writeln!(xml, "/>"),
                Some(inner) => writeln!(xml, ">{inner}</testcase>"),
            };
        }
        xml.push_str("  </testsuite>\n");
    }
    xml.push_str("</testsuites>\n");
    xml
}

/// Text that may stand in an element or a quoted attribute; characters that XML 1.0 forbids are left out.
fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in strip_ansi(text).chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\n' | '\t' => safe.push(c),
            c if c < ' ' || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_output_stays_well_formed() {
        assert_eq!(escape("a<b>&\"c\"\u{1b}[31mred\u{1b}[0m\u{0}"), "a&lt;b&gt;&amp;&quot;c&quot;red");
    }
}
