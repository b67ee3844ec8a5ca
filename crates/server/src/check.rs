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
        let printed = self.print(&settings.fields(), connected.as_ref().map(Result::is_ok));
        // Servers that do not answer are told also to whoever has left after the first lines.
        connected.transpose()?;
        printed
    }

    fn print(&self, fields: &[Setting], connected: Option<bool>) -> Result<(), Failure> {
        if self.json {
            return output::json(&document(fields, connected));
        }
        let mut rows = vec![["field", "value", "from", "meaning"].map(String::from).to_vec()];
        rows.extend(fields.iter().map(row));
        let mut lines = output::table(&rows);
        if connected == Some(true) {
            lines.extend(["", "the servers answer"].map(String::from));
        }
        output::lines(&lines)
    }
}

fn row(setting: &Setting) -> Vec<String> {
    vec![setting.field.into(), setting.value.clone(), setting.place.to_string(), setting.meaning.into()]
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
