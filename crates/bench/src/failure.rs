//! Why the program could not go on. A wrong answer of the server is not here: it is counted.

use std::io;

/// What ends the program before its time.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("{doing}: {source}")]
    Io { doing: String, source: io::Error },
    #[error("{0}")]
    Server(String),
    #[error("{0}")]
    SetUp(String),
    #[error("told to stop before all was measured")]
    Stopped,
    #[error("the time limit of {0} s was reached before all was measured")]
    TimeLimit(u64),
}

/// For `map_err`: says what was being done when the operating system failed.
pub(crate) fn doing<D: Into<String>>(
    what: impl FnOnce() -> D,
) -> impl FnOnce(io::Error) -> Failure {
    move |source| Failure::Io { doing: what().into(), source }
}
