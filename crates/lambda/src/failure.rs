//! Why an invocation, or a start, failed: the type and the sentence that Lambda keeps beside the
//! event where the failed ones go. Not in here: answers to callers, which are problems of `http-api`.

use kernel::StoreError;
use kernel::event::BadEvent;
use kernel::manifest::Unprocessable;
use lambda_runtime::Diagnostic;

/// Why an invocation failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The function lacks something without which it cannot work. An operator must act.
    #[error("{0}")]
    Start(String),
    /// What Lambda handed over is not of the form that this function is made for.
    #[error("the invocation's payload is malformed: {0}")]
    Malformed(String),
    /// The event cannot be heard; trying again would not help.
    #[error("{0}")]
    Unprocessable(String),
    /// The store could not.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// The first of several records of a stream could not be published.
    #[error("the first record of the batch was not published, see the log")]
    Unpublished,
    /// The keys that tokens are checked with cannot be fetched. Those that are kept go on.
    #[error("{0}")]
    Keys(String),
    /// The function's role lacks rights that it needs, or has one that it must not have, or what they are
    /// on is missing.
    #[error("{0}")]
    Rights(String),
    /// The ledger is not as it must be. An operator must look.
    #[error("{0}")]
    Ledger(String),
}

impl Failure {
    /// The type, by which alarms and people tell them apart.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Start(_) => "CannotStart",
            Self::Malformed(_) => "MalformedPayload",
            Self::Unprocessable(_) => "UnprocessableEvent",
            Self::Store(StoreError::Busy) => "StoreBusy",
            Self::Store(StoreError::Unavailable(_)) => "StoreUnavailable",
            Self::Store(StoreError::OutcomeUnknown(_)) => "StoreOutcomeUnknown",
            Self::Store(StoreError::Broken(_)) => "StoreBroken",
            Self::Unpublished => "RecordUnpublished",
            Self::Keys(_) => "KeysUnavailable",
            Self::Rights(_) => "RightsWrong",
            Self::Ledger(_) => "LedgerViolated",
        }
    }

    pub(crate) fn malformed(error: &serde_json::Error) -> Self {
        Self::Malformed(error.to_string())
    }
}

impl From<BadEvent> for Failure {
    fn from(bad: BadEvent) -> Self {
        Self::Unprocessable(bad.to_string())
    }
}

impl From<Unprocessable> for Failure {
    fn from(unprocessable: Unprocessable) -> Self {
        Self::Unprocessable(unprocessable.0)
    }
}

impl From<Failure> for Diagnostic {
    fn from(failure: Failure) -> Self {
        Self { error_type: failure.kind().to_owned(), error_message: failure.to_string() }
    }
}
