//! The known differences between both judges. Each tells the other judge of a trial otherwise, so that it answers as this crate
//! does, or reads its answer otherwise; and says who is right, by section.

mod directives;
mod serving;
mod spans;
mod storing;
mod updating;
mod validating;

use crate::trial::Trial;
use crate::verdict::{Question, Verdict};

pub struct Known {
    /// What the other judge does.
    pub name: &'static str,
    pub section: &'static str,
    pub right: Right,
    told: Told,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Right {
    /// The section asks for what this crate does.
    Ours,
    /// The section allows both.
    Either,
}

enum Told {
    /// The other judge is told this of the trial, when it is asked this.
    Otherwise(fn(&mut Trial, Question)),
    /// Its verdict over the trial, which is as it was told to it, is read like this.
    Reread(fn(&Trial, Question, &mut Verdict)),
}

impl Known {
    pub fn tell(&self, trial: &mut Trial, question: Question) {
        if let Told::Otherwise(told) = self.told {
            told(trial, question);
        }
    }

    pub fn read(&self, trial: &Trial, question: Question, verdict: &mut Verdict) {
        if let Told::Reread(read) = self.told {
            read(trial, question, verdict);
        }
    }
}

/// In the order in which they are told: first how a message reads, then what it means.
pub fn all() -> Vec<&'static Known> {
    let parts = [directives::KNOWN, spans::KNOWN, storing::KNOWN, serving::KNOWN, validating::KNOWN, updating::KNOWN];
    parts.into_iter().flatten().collect()
}

const fn otherwise(name: &'static str, section: &'static str, right: Right, told: fn(&mut Trial, Question)) -> Known {
    Known { name, section, right, told: Told::Otherwise(told) }
}

const fn reread(
    name: &'static str,
    section: &'static str,
    right: Right,
    read: fn(&Trial, Question, &mut Verdict),
) -> Known {
    Known { name, section, right, told: Told::Reread(read) }
}
