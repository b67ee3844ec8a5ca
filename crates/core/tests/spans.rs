//! What traces show. It stands alone in its binary: what one test listens for, others' threads would switch off.
#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use common::{Act, Stage, TTL, pass, stage_with, truth};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Metadata, Subscriber};

type Fields = BTreeMap<&'static str, String>;

/// The names of the spans that were opened, with their fields.
#[derive(Clone, Default)]
struct Spans(Arc<Mutex<Vec<(&'static str, Fields)>>>);

struct Reader<'a>(&'a mut Fields);

impl Visit for Reader<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }
}

impl Subscriber for Spans {
    fn enabled(&self, _metadata: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut fields = Fields::new();
        span.record(&mut Reader(&mut fields));
        let mut spans = self.0.lock().unwrap();
        spans.push((span.metadata().name(), fields));
        Id::from_u64(spans.len() as u64)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        values.record(&mut Reader(&mut self.0.lock().unwrap()[span.into_u64() as usize - 1].1));
    }

    fn record_follows_from(&self, _span: &Id, _follows: &Id) {}

    fn event(&self, _event: &tracing::Event<'_>) {}

    fn enter(&self, _span: &Id) {}

    fn exit(&self, _span: &Id) {}
}

impl Spans {
    /// The spans since the last look: name, kind, and where they failed the type and the description of the error.
    fn seen(&self) -> Vec<String> {
        let spans = std::mem::take(&mut *self.0.lock().unwrap());
        let shown = spans.iter().map(|(name, fields)| {
            let field = |name| fields.get(name).map_or("-", |value| &**value);
            let error = [field("otel.status_code"), field("error.type"), field("otel.status_description")];
            format!("{name} {} {}", field("otel.kind"), error.join(" "))
        });
        shown.collect()
    }
}

async fn failing(stage: &Stage, act: Act) {
    stage.source.script([act]);
    stage.get(&format!("{act:?}")).await.unwrap_err();
}

/// The names and values are OpenTelemetry's, so that a bridge needs no table.
#[tokio::test(start_paused = true)]
async fn a_span_has_its_kind_and_says_how_it_failed() {
    let spans = Spans::default();
    let _guard = tracing::subscriber::set_default(spans.clone());
    let stage = stage_with(|builder| builder.workers(1)).await;
    stage.value("a").await;
    assert_eq!(spans.seen(), ["load internal - - -"]);

    for act in [Act::Fail, Act::Panic, Act::Hang] {
        failing(&stage, act).await;
    }
    let expected = [
        "load internal ERROR failed the source is down",
        "load internal ERROR panicked panicked: scripted",
        "load internal ERROR timed-out did not end within 50s",
    ];
    assert_eq!(spans.seen(), expected);

    stage.cache.get_many(&["b", "c"].map(truth)).await;
    stage.source.script([Act::Fail]);
    stage.cache.get_many(&["d", "e"].map(truth)).await;
    assert_eq!(spans.seen(), ["load_many internal - - -", "load_many internal ERROR failed the source is down"]);

    pass(TTL).await;
    stage.source.script([Act::Fail]);
    stage.value("a").await;
    stage.settle().await;
    let messaging = |fields: &Fields| {
        let names = ["messaging.system", "messaging.operation.name", "messaging.operation.type"];
        names.map(|name| fields[name].clone())
    };
    assert_eq!(messaging(&spans.0.lock().unwrap()[0].1), ["freshen", "process", "process"]);
    let failed = "ERROR retried the source is down";
    let expected = [format!("task consumer {failed}"), "load internal ERROR failed the source is down".to_owned()];
    assert_eq!(spans.seen(), expected);
    pass(TTL).await;
    assert_eq!(spans.seen(), ["task consumer - - -", "load internal - - -"], "the attempt that follows");
}
