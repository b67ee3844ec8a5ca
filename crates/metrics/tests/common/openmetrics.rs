//! Reads the text format of OpenMetrics 1.0, and refuses what its specification refuses.
//!
//! <https://prometheus.io/docs/specs/om/open_metrics_spec/>

use std::collections::{BTreeMap, BTreeSet};

/// One family of a page.
#[derive(Debug, Default, PartialEq)]
pub struct Family {
    pub name: String,
    pub kind: String,
    pub unit: Option<String>,
    pub help: String,
    pub samples: Vec<Sample>,
}

/// One line.
#[derive(Debug, PartialEq)]
pub struct Sample {
    /// What follows the name of its family.
    pub suffix: String,
    pub labels: Vec<(String, String)>,
    pub value: f64,
}

impl Sample {
    pub fn label(&self, name: &str) -> Option<&str> {
        self.labels.iter().find(|(label, _)| label == name).map(|(_, value)| &**value)
    }
}

/// Reads a whole page, or says what is wrong with it.
pub fn read(page: &str) -> Result<Vec<Family>, String> {
    let body = page.strip_suffix("# EOF\n").ok_or("it does not end with # EOF and the end of a line")?;
    let mut families: Vec<Family> = Vec::new();
    for line in body.split_terminator('\n') {
        match line.strip_prefix("# ") {
            Some(about) => describe(&mut families, about)?,
            None => {
                let family = families.last_mut().ok_or("a line before any family")?;
                family.samples.push(sample(&family.name, line)?);
            }
        }
    }
    let names: BTreeSet<&str> = families.iter().map(|family| &*family.name).collect();
    if names.len() < families.len() {
        return Err("a family stands there twice".into());
    }
    families.iter().try_for_each(check)?;
    Ok(families)
}

/// `TYPE`, which begins a family here, `UNIT` and `HELP`.
fn describe(families: &mut Vec<Family>, about: &str) -> Result<(), String> {
    let mut words = about.splitn(3, ' ');
    let mut word = || words.next().filter(|word| !word.is_empty()).ok_or(format!("cut short: {about}"));
    let (what, name, text) = (word()?, word()?.to_owned(), word()?.to_owned());
    if what == "TYPE" {
        families.push(Family { name, kind: text, ..Family::default() });
        return Ok(());
    }
    let family = families.last_mut().filter(|family| family.name == name && family.samples.is_empty());
    let family = family.ok_or(format!("not where its family is: {about}"))?;
    match what {
        "UNIT" => family.unit = Some(text),
        "HELP" => family.help = text,
        _ => return Err(format!("not a word of the format: {about}")),
    }
    Ok(())
}

fn sample(family: &str, line: &str) -> Result<Sample, String> {
    let wrong = |what: &str| format!("{what}: {line}");
    let rest = line.strip_prefix(family).ok_or(wrong("not of its family"))?;
    let end = rest.find(['{', ' ']).ok_or(wrong("no value"))?;
    let (suffix, rest) = rest.split_at(end);
    let (labels, rest) = match rest.strip_prefix('{') {
        Some(inside) => labels(inside).ok_or(wrong("labels"))?,
        None => (Vec::new(), rest),
    };
    let value = rest.strip_prefix(' ').ok_or(wrong("no space before the value"))?;
    let plain = value.bytes().all(|byte| byte.is_ascii_digit() || b".e-+".contains(&byte));
    let value = value.parse().ok().filter(|_| plain).ok_or(wrong("not a number"))?;
    Ok(Sample { suffix: suffix.to_owned(), labels, value })
}

type Labels = Vec<(String, String)>;

/// The labels up to the closing brace, and what follows it.
fn labels(mut text: &str) -> Option<(Labels, &str)> {
    let mut labels = Vec::new();
    loop {
        let (name, rest) = text.split_once("=\"")?;
        let (value, rest) = quoted(rest)?;
        labels.push((name.to_owned(), value));
        match rest.strip_prefix(',') {
            Some(next) => text = next,
            None => return Some((labels, rest.strip_prefix('}')?)),
        }
    }
}

/// A text up to its closing quote, and what follows that.
fn quoted(text: &str) -> Option<(String, &str)> {
    let (mut value, mut characters) = (String::new(), text.char_indices());
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => value.push(match characters.next()?.1 {
                'n' => '\n',
                escaped @ ('\\' | '"') => escaped,
                _ => return None,
            }),
            plain => value.push(plain),
        }
    }
    None
}

/// What holds for a family as a whole.
fn check(family: &Family) -> Result<(), String> {
    let name = &family.name;
    let wrong = |what: &str| Err(format!("{name}: {what}"));
    let suffixes: &[&str] = match &*family.kind {
        "counter" => &["_total"],
        "gauge" => &[""],
        "histogram" => &["_bucket", "_sum", "_count"],
        _ => return wrong("an unknown type"),
    };
    if !is_name(name) || name.ends_with("_total") {
        return wrong("not the name of a family");
    }
    if family.unit.as_ref().is_some_and(|unit| !name.ends_with(&format!("_{unit}"))) {
        return wrong("its name does not end with its unit");
    }
    if family.help.is_empty() || family.help.contains(['\\', '"']) {
        return wrong("no help, or one with what must be escaped");
    }
    let mut seen = BTreeSet::new();
    for sample in &family.samples {
        if !suffixes.contains(&&*sample.suffix) {
            return wrong("a line with another suffix");
        }
        if sample.labels.iter().any(|(label, _)| !is_name(label) || label.starts_with("__") || label.contains(':')) {
            return wrong("not the name of a label");
        }
        let names: BTreeSet<_> = sample.labels.iter().map(|(label, _)| label).collect();
        if names.len() < sample.labels.len() || !seen.insert((&sample.suffix, &sample.labels)) {
            return wrong("a label or a line stands there twice");
        }
    }
    if family.kind == "histogram" { histograms(family) } else { Ok(()) }
}

fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    let first = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_' || byte == b':';
    bytes.next().is_some_and(first) && bytes.all(|byte| first(byte) || byte.is_ascii_digit())
}

/// The buckets rise, by their bounds and their counts, and the last has all.
fn histograms(family: &Family) -> Result<(), String> {
    let mut series: BTreeMap<Labels, Vec<&Sample>> = BTreeMap::new();
    for sample in &family.samples {
        let labels = sample.labels.iter().filter(|(label, _)| label != "le").cloned().collect();
        series.entry(labels).or_default().push(sample);
    }
    for (labels, samples) in series {
        let of = |suffix: &str| samples.iter().filter(|sample| sample.suffix == suffix).copied().collect::<Vec<_>>();
        let mut buckets = Vec::new();
        for bucket in of("_bucket") {
            let bound = bucket.label("le").filter(|bound| *bound == "+Inf" || bound.contains('.'));
            let bound = bound.and_then(|bound| bound.parse::<f64>().ok());
            buckets.push((bound.ok_or(format!("{}: a bucket without a bound", family.name))?, bucket.value));
        }
        let rising = buckets.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1);
        let all = of("_count").first().map(|sample| (f64::INFINITY, sample.value));
        if !rising || all.is_none() || buckets.last().copied() != all || of("_sum").len() != 1 {
            return Err(format!("{}{labels:?}: not a histogram", family.name));
        }
    }
    Ok(())
}
