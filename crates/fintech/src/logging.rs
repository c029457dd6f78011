//! Logs, to standard error: text for people, JSON for machines, with the ids of the request, the
//! correlation and the trace that stand in the fields of each line. What is logged is said where it
//! happens.

use std::io;

use clap::ValueEnum;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// How a line is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people
    Text,
    /// For machines: one object a line
    Json,
}

/// From which level on lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogLevel {
    /// Somebody must act
    Error,
    /// Something is not as it should be
    Warn,
    /// What an operator wants to know
    Info,
    /// Each request, with its ids
    Debug,
    /// Everything
    Trace,
}

impl From<LogLevel> for LevelFilter {
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::Error => Self::ERROR,
            LogLevel::Warn => Self::WARN,
            LogLevel::Info => Self::INFO,
            LogLevel::Debug => Self::DEBUG,
            LogLevel::Trace => Self::TRACE,
        }
    }
}

/// From now on logs are written. Called once; a second call changes nothing.
pub(crate) fn start(format: LogFormat, level: LogLevel) {
    let lines = fmt::layer().with_writer(io::stderr).with_target(false).with_ansi(false);
    let lines = match format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().flatten_event(true).with_span_list(false).boxed(),
    };
    let started = tracing_subscriber::registry().with(lines.with_filter(LevelFilter::from(level)));
    drop(started.try_init());
    // A panic is a line among the others, where a machine may read them.
    std::panic::set_hook(Box::new(|panic| tracing::error!(%panic, "a bug: something panicked")));
}
