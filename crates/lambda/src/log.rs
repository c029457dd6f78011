//! Logs: a line of JSON each on standard output, where Lambda takes them, with the ids of the request
//! or event in its fields. What is logged is said where it happens.

use std::io;

use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::{self, MakeWriter};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

/// From now on logs are written, from this level on: `error`, `warn`, `info`, `debug`, `trace`;
/// anything else counts as `info`. What is deployed has neither `debug` nor `trace`: they are left out
/// when it is built. Called once; a second call changes nothing.
pub fn start(level: &str) {
    drop(tracing_subscriber::registry().with(lines(level, io::stdout)).try_init());
    // A panic is a line among the others, where a machine may read them.
    std::panic::set_hook(Box::new(|panic| tracing::error!(%panic, "a bug: something panicked")));
}

/// The lines from a level on, as they are written.
pub fn lines<S, W>(level: &str, writer: W) -> impl Layer<S> + use<S, W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    // Nothing at all would be read as `error`.
    let level = if level.is_empty() {
        LevelFilter::INFO
    } else {
        level.parse().unwrap_or(LevelFilter::INFO)
    };
    let lines = fmt::layer().with_writer(writer).with_target(false).json();
    let lines = lines.flatten_event(true).with_span_list(false).with_current_span(false);
    lines.with_filter(level)
}
