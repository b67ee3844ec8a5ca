//! The page: plain HTML that says all there is without a script, and that its script keeps up to date.

use std::fmt::{Display, Formatter, Result, Write};

use serde_json::Value;

use crate::demo::view::{Outcome, View};

/// Its slots are `{{kind path}}`, where the path leads through `/state.json`, or the name of a block.
const TEMPLATE: &str = include_str!("page.html");
/// The part of it that shows several processes, and one of those: of the latter `@n` is the number, `@slug` and `@state` are
/// the process's, and `@verb` and `@press` its button's.
const FLEET: &str = include_str!("fleet.html");
const MEMBER: &str = include_str!("member.html");
/// Without a script, the page asks for itself again after so many seconds.
const REFRESH_SECS: u64 = 2;

/// A view as a page.
pub struct Page<'a>(pub &'a View);

impl Display for Page<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        // Numbers and text always serialize; without them the page would show its slots empty.
        let told = serde_json::to_value(self.0).unwrap_or_default();
        render(f, TEMPLATE, self.0, &told)
    }
}

fn render(f: &mut Formatter<'_>, template: &str, view: &View, told: &Value) -> Result {
    let mut parts = template.split("{{");
    f.write_str(parts.next().unwrap_or_default())?;
    for part in parts {
        let (slot, rest) = part.split_once("}}").unwrap_or((part, ""));
        match slot.split_once(' ') {
            Some((kind, path)) => fill(f, kind, at(told, path))?,
            None => show(f, slot, view, told)?,
        }
        f.write_str(rest)?;
    }
    Ok(())
}

/// What stands at a path, such as `numbers.loads.begun` or `fleet.members.0.pid`.
fn at<'a>(told: &'a Value, path: &str) -> &'a Value {
    path.split('.').fold(told, |value, name| match name.parse::<usize>() {
        Ok(number) => &value[number],
        Err(_) => &value[name],
    })
}

fn fill(f: &mut Formatter<'_>, kind: &str, value: &Value) -> Result {
    match (kind, value) {
        (_, Value::Null) => f.write_char('–'),
        ("span", value) => Span(value.as_f64().unwrap_or_default()).fmt(f),
        ("bytes", value) => Bytes(value.as_u64().unwrap_or_default()).fmt(f),
        (_, Value::String(text)) => Escaped(text).fmt(f),
        (_, value) => value.fmt(f),
    }
}

/// Fills the blocks that are more than one value.
fn show(f: &mut Formatter<'_>, block: &str, view: &View, told: &Value) -> Result {
    match block {
        "refresh" => write!(f, "{}", refresh_secs(view)),
        "temper" if view.source_is_own => f.write_str(", which is slow on purpose and sometimes fails"),
        "tone" => f.write_str(view.outcome.status()),
        "lines" => show_lines(f, view),
        "more" => show_more(f, view),
        "set_aside" => show_set_aside(f, view),
        "loads" => view.words.loads.iter().try_for_each(|load| writeln!(f, "<li>{}</li>", Escaped(load))),
        "fleet" if view.fleet.is_some() => render(f, FLEET, view, told),
        "members" => show_members(f, view, told),
        _ => Ok(()),
    }
}

fn refresh_secs(view: &View) -> u64 {
    match &view.outcome {
        Outcome::Served(_) => REFRESH_SECS,
        Outcome::Refused(refused) => refused.retry_after_secs(),
    }
}

fn show_lines(f: &mut Formatter<'_>, view: &View) -> Result {
    let Some(list) = view.outcome.list() else { return Ok(()) };
    list.lines.iter().try_for_each(|line| writeln!(f, "<li dir=\"auto\">{}</li>", Escaped(line)))
}

fn show_more(f: &mut Formatter<'_>, view: &View) -> Result {
    match view.outcome.list() {
        None => f.write_str("There is none."),
        Some(list) if list.lines.is_empty() => f.write_str("The source sent an empty list."),
        Some(list) if list.more > 0 => write!(f, "… and {} more", list.more),
        Some(_) => Ok(()),
    }
}

fn show_set_aside(f: &mut Formatter<'_>, view: &View) -> Result {
    let tasks = view.tasks.iter().flat_map(|tasks| &tasks.set_aside);
    tasks.into_iter().try_for_each(|task| writeln!(f, "<li>{}</li>", Escaped(&task.reason)))
}

fn show_members(f: &mut Formatter<'_>, view: &View, told: &Value) -> Result {
    let members = view.fleet.iter().flat_map(|fleet| &fleet.members);
    members.enumerate().try_for_each(|(n, member)| {
        let (verb, word) = if member.is_gone() { ("revive", "Revive") } else { ("kill", "Kill") };
        let template = MEMBER.replace("@n", &n.to_string()).replace("@press", &format!("{word} {}", member.name));
        let template = template.replace("@slug", member.slug).replace("@state", member.state).replace("@verb", verb);
        render(f, &template, view, told)
    })
}

/// Text that may hold anything, as HTML text.
pub struct Escaped<'a>(pub &'a str);

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
pub struct Span(pub f64);

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

/// A number of bytes, in the unit that reads best.
struct Bytes(u64);

impl Display for Bytes {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self.0 {
            bytes if bytes < 1 << 10 => write!(f, "{bytes} B"),
            bytes if bytes < 1 << 20 => write!(f, "{:.1} KiB", bytes as f64 / 1024.0),
            bytes => write!(f, "{:.1} MiB", bytes as f64 / 1_048_576.0),
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

    #[test]
    fn sizes_are_shown_in_the_unit_that_reads_best() {
        assert_eq!(
            [0, 1023, 1536, 3 << 20].map(|bytes| Bytes(bytes).to_string()),
            ["0 B", "1023 B", "1.5 KiB", "3.0 MiB"]
        );
    }

    #[test]
    fn what_the_page_shows_at_first_is_what_its_script_keeps_up_to_date() {
        const KINDS: [&str; 4] = ["count", "span", "bytes", "text"];
        let templates = [TEMPLATE, FLEET, MEMBER].concat();
        let slots = templates.split("{{").skip(1).filter_map(|part| part.split_once("}}"));
        let filled: Vec<_> = slots.filter_map(|(slot, _)| slot.split_once(' ')).collect();
        for (kind, path) in filled.iter().filter(|(_, path)| *path != "source") {
            assert!(KINDS.contains(kind), "{kind} {path}");
            let kept = format!("data-{kind}=\"{path}\">{{{{{kind} {path}}}}}");
            assert!(templates.contains(&kept), "no element has {kept}");
        }
        let kept = KINDS.map(|kind| templates.matches(&format!("data-{kind}=\"")).count()).iter().sum::<usize>();
        assert!(
            filled.len() > 20 && kept == filled.len() - 1,
            "{kept} are kept up to date, {} are filled",
            filled.len()
        );
    }
}
