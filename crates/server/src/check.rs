//! `freshen check`: what settings mean, and whether the servers that they name answer.

use std::path::PathBuf;

use freshen::settings::{Setting, Settings};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::output;

/// What `freshen check` is told.
#[derive(clap::Args)]
pub struct Check {
    /// The file; else the one that FRESHEN_CONFIG names, if any. Variables of the environment win over it
    file: Option<PathBuf>,
    /// Also connect to the servers
    #[arg(long)]
    connect: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Check {
    /// Reads the settings and prints them.
    pub async fn run(self) -> Result<(), Failure> {
        let mut settings = match &self.file {
            Some(file) => Settings::read(file)?,
            None => Settings::from_env()?,
        };
        // A check wants to know.
        let degraded = std::mem::take(&mut settings.degraded);
        let connected = if self.connect { Some(settings.open().await.map(drop)) } else { None };
        settings.degraded = degraded;
        if self.json {
            output::json(&document(&settings.fields(), connected.as_ref().map(Result::is_ok)))?;
        } else {
            let mut rows = vec![["field", "value", "from", "meaning"].map(String::from).to_vec()];
            rows.extend(settings.fields().into_iter().map(row));
            output::lines(&output::table(&rows))?;
            if let Some(Ok(())) = connected {
                output::lines(&["", "the servers answer"])?;
            }
        }
        Ok(connected.transpose().map(drop)?)
    }
}

fn row(setting: Setting) -> Vec<String> {
    vec![setting.field.into(), setting.value, setting.place.to_string(), setting.meaning.into()]
}

fn document(fields: &[Setting], connected: Option<bool>) -> Value {
    let field = |setting: &Setting| {
        json!({
            "field": setting.field,
            "value": setting.value,
            "from": setting.place.to_string(),
            "meaning": setting.meaning,
        })
    };
    json!({ "fields": fields.iter().map(field).collect::<Vec<_>>(), "connected": connected })
}
