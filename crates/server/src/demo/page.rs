//! The page: plain HTML that needs no script and nothing from elsewhere.

use std::fmt::{Display, Formatter, Result, Write};

use crate::demo::stats::{Numbers, Spread};
use crate::demo::view::{Outcome, Refused, Served, Times, View};

const STYLE: &str = include_str!("page.css");
/// The page asks for itself again after so many seconds.
const REFRESH_SECS: u64 = 2;

/// A view as a page.
pub struct Page<'a>(pub &'a View);

impl Display for Page<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let view = self.0;
        head(f, view)?;
        match &view.outcome {
            Outcome::Served(served) => show_served(f, served, view)?,
            Outcome::Refused(refused) => show_refused(f, refused)?,
        }
        show_trouble(f, view)?;
        show_times(f, &view.numbers)?;
        show_counts(f, &view.numbers)?;
        show_foot(f, &view.policy)
    }
}

fn head(f: &mut Formatter<'_>, view: &View) -> Result {
    let refresh = match &view.outcome {
        Outcome::Served(_) => REFRESH_SECS,
        Outcome::Refused(refused) => refused.retry_after_secs(),
    };
    let temper = if view.source_is_own { ", which is slow on purpose and sometimes fails" } else { "" };
    write!(
        f,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<meta http-equiv=\"refresh\" content=\"{refresh}\">\n\
         <title>Freshen demo</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <header><h1>Freshen demo</h1>\n<p>The list of <code>{}</code>{temper}, served through a cache.</p></header>\n<main>\n",
        Escaped(&view.source)
    )
}

fn show_served(f: &mut Formatter<'_>, served: &Served, view: &View) -> Result {
    let Served { status, rule, why, .. } = served;
    let under_way = if view.loads_under_way > 0 { " A load is under way now." } else { "" };
    write!(
        f,
        "<section class=\"served {status}\" aria-label=\"What was served\">\n<p class=\"facts\"><strong>{status}</strong> \
         <span>{} old</span> <span>waited {}</span> <span>rule <code>{rule}</code></span></p>\n\
         <p>Served because {why}.{under_way}</p>\n</section>\n",
        Span(served.age_ms),
        Span(view.waited_ms)
    )?;
    f.write_str("<section aria-label=\"The list\">\n<h2>The list</h2>\n")?;
    if served.lines.is_empty() {
        return f.write_str("<p>The source sent an empty list.</p>\n</section>\n");
    }
    f.write_str("<ol>\n")?;
    for line in &served.lines {
        writeln!(f, "<li dir=\"auto\">{}</li>", Escaped(line))?;
    }
    f.write_str("</ol>\n")?;
    if served.more > 0 {
        writeln!(f, "<p>… and {} more</p>", served.more)?;
    }
    f.write_str("</section>\n")
}

fn show_refused(f: &mut Formatter<'_>, refused: &Refused) -> Result {
    write!(
        f,
        "<section class=\"served refused\" aria-label=\"What was served\">\n<p class=\"facts\"><strong>nothing yet</strong> \
         <span><code>{}</code></span></p>\n<p>Nothing has been loaded so far: {}. The next attempt is in {} s; this page \
         looks again by itself.</p>\n</section>\n",
        refused.error,
        Escaped(&refused.reason),
        refused.retry_after_secs()
    )
}

fn show_trouble(f: &mut Formatter<'_>, view: &View) -> Result {
    match (&view.numbers.trouble, &view.outcome) {
        (Some(trouble), Outcome::Served(_)) => writeln!(
            f,
            "<p class=\"trouble\" role=\"status\">The last load failed {} ago: {}. Readers still get the list.</p>",
            Span(trouble.ago_ms),
            Escaped(&trouble.reason)
        ),
        _ => Ok(()),
    }
}

fn show_times(f: &mut Formatter<'_>, numbers: &Numbers) -> Result {
    f.write_str(
        "<section aria-label=\"Times\">\n<h2>Waiting</h2>\n<table>\n<thead><tr><td></td><th scope=\"col\">median</th>\
         <th scope=\"col\">p99</th><th scope=\"col\">max</th><th scope=\"col\">count</th></tr></thead>\n<tbody>\n",
    )?;
    for (name, spread) in [("callers waited", &numbers.waits), ("loads took", &numbers.load_times)] {
        let Spread { count, median_ms, p99_ms, max_ms } = spread;
        writeln!(
            f,
            "<tr><th scope=\"row\">{name}</th><td>{}</td><td>{}</td><td>{}</td><td>{count}</td></tr>",
            Span(*median_ms),
            Span(*p99_ms),
            Span(*max_ms)
        )?;
    }
    f.write_str("</tbody>\n</table>\n</section>\n")
}

fn show_counts(f: &mut Formatter<'_>, numbers: &Numbers) -> Result {
    let Numbers { answers, loads, refused, .. } = numbers;
    f.write_str("<section aria-label=\"Counts\">\n<h2>Since the start</h2>\n<dl>\n")?;
    for (name, count) in [
        ("hits", answers.hit),
        ("stale answers", answers.stale),
        ("waited for a load", answers.loaded),
        ("fallbacks", answers.fallback),
        ("got an error", *refused),
        ("loads begun", loads.begun),
        ("loads stored", loads.stored),
        ("loads failed", loads.failed),
    ] {
        writeln!(f, "<div><dt>{name}</dt><dd>{count}</dd></div>")?;
    }
    writeln!(f, "</dl>\n<p>Up for {}.</p>\n</section>\n</main>", Span(numbers.up_ms))
}

fn show_foot(f: &mut Formatter<'_>, policy: &Times) -> Result {
    write!(
        f,
        "<footer><p>Fresh for {} (ttl), then served stale for {} while it is loaded again (stale-while-revalidate), then \
         for {} more if the source fails (stale-if-error).</p>\n<p>This page reloads every {REFRESH_SECS} s. The same as \
         data: <a href=\"/state.json\">/state.json</a></p></footer>\n</body>\n</html>\n",
        Span(policy.ttl_ms),
        Span(policy.stale_while_revalidate_ms),
        Span(policy.stale_if_error_ms)
    )
}

/// Text that may hold anything, as HTML text.
struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        self.0.chars().try_for_each(|c| match c {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '"' => f.write_str("&quot;"),
            '\'' => f.write_str("&#39;"),
            c => f.write_char(c),
        })
    }
}

/// Milliseconds, in the unit that reads best.
struct Span(f64);

impl Display for Span {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self.0 {
            ms if ms < 1.0 => write!(f, "{:.0} µs", ms * 1000.0),
            ms if ms < 10.0 => write!(f, "{ms:.1} ms"),
            ms if ms < 1000.0 => write!(f, "{ms:.0} ms"),
            ms if ms < 60_000.0 => write!(f, "{} s", (ms / 100.0).round() / 10.0),
            ms if ms < 3_600_000.0 => write!(f, "{} min", (ms / 6000.0).round() / 10.0),
            ms => write!(f, "{} h", (ms / 360_000.0).round() / 10.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_a_source_says_becomes_markup() {
        assert_eq!(Escaped("<a b='c'>&\"").to_string(), "&lt;a b=&#39;c&#39;&gt;&amp;&quot;");
    }

    #[test]
    fn spans_are_shown_in_the_unit_that_reads_best() {
        let shown = |ms| Span(ms).to_string();
        let cases = [0.0, 0.012, 1.25, 812.4, 1400.0, 5000.0, 600_000.0, 3_600_000.0].map(shown);
        assert_eq!(cases, ["0 µs", "12 µs", "1.2 ms", "812 ms", "1.4 s", "5 s", "10 min", "1 h"]);
    }
}
