//! The text format of OpenMetrics, version 1.0.

use std::fmt::Write;

use crate::family::{Family, Kind};
use crate::histogram::Spread;

/// A page that is being written.
#[derive(Debug, Default)]
pub struct Text(String);

/// The lines of one family for one cache.
#[derive(Debug)]
pub struct Lines<'a> {
    text: &'a mut Text,
    family: &'static Family,
    cache_name: Option<&'a str>,
}

/// The labels of a line, beside the cache's.
pub type Labels<'a> = &'a [(&'static str, &'a str)];

impl Text {
    /// Begins a family. All its lines follow before the next begins.
    pub fn begin(&mut self, family: &Family) {
        let Family { name, kind, unit, help, .. } = family;
        self.push(format_args!("# TYPE {name} {}\n", kind.as_str()));
        if let Some(unit) = unit {
            self.push(format_args!("# UNIT {name} {unit}\n"));
        }
        self.push(format_args!("# HELP {name} {help}\n"));
    }

    /// The lines of this family for one cache.
    pub fn lines<'a>(&'a mut self, family: &'static Family, cache_name: Option<&'a str>) -> Lines<'a> {
        Lines { text: self, family, cache_name }
    }

    /// The whole page.
    pub fn end(mut self) -> String {
        self.0.push_str("# EOF\n");
        self.0
    }

    fn push(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing to a `String` does not fail.
        let _ = self.0.write_fmt(text);
    }
}

impl Lines<'_> {
    /// A line with a whole number.
    pub fn number(&mut self, labels: Labels<'_>, number: u64) {
        let suffix = if self.family.kind == Kind::Counter { "_total" } else { "" };
        self.line(suffix, labels, format_args!("{number}"));
    }

    /// A line with seconds.
    pub fn secs(&mut self, labels: Labels<'_>, secs: f64) {
        self.line("", labels, format_args!("{secs}"));
    }

    /// The lines of a histogram.
    pub fn spread(&mut self, labels: Labels<'_>, spread: &Spread) {
        for (bound, count) in &spread.up_to {
            // The canonical form of a bound has a point, as `Debug` writes it.
            self.bucket(labels, &format!("{bound:?}"), *count);
        }
        self.bucket(labels, "+Inf", spread.count);
        self.line("_sum", labels, format_args!("{}", spread.sum_secs));
        self.line("_count", labels, format_args!("{}", spread.count));
    }

    fn bucket(&mut self, labels: Labels<'_>, bound: &str, count: u64) {
        self.line("_bucket", &[labels, &[("le", bound)]].concat(), format_args!("{count}"));
    }

    fn line(&mut self, suffix: &str, labels: Labels<'_>, value: std::fmt::Arguments<'_>) {
        self.text.push(format_args!("{}{suffix}", self.family.name));
        let all = self.cache_name.map(|name| ("cache", name)).into_iter().chain(labels.iter().copied());
        let mut before = '{';
        for (label, value) in all {
            self.text.push(format_args!("{before}{label}=\"{}\"", escaped(value)));
            before = ',';
        }
        if before == ',' {
            self.text.0.push('}');
        }
        self.text.push(format_args!(" {value}\n"));
    }
}

/// A label's value: backslash, quote and the end of a line are escaped.
fn escaped(value: &str) -> String {
    value.replace('\\', r"\\").replace('"', r#"\""#).replace('\n', r"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_end_a_label_or_a_line_is_escaped() {
        assert_eq!(escaped("a \"b\"\\n\n"), r#"a \"b\"\\n\n"#);
        assert_eq!(escaped("plain"), "plain");
    }
}
