//! What can go wrong between here and DynamoDB, told by who acts: wait and try again, look whether it
//! was done, or an operator. No type of the SDK's errors goes further than this.

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use kernel::StoreError;

/// See the file's comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Too much at once, or another transaction was there; nothing was done. Wait and try again.
    Busy(String),
    /// No answer came, or one that says nothing: it may have been done.
    Lost(String),
    /// A table, an index or a permission is missing; nothing was done.
    Unavailable(String),
    /// A request of ours makes no sense.
    Broken(String),
}

impl From<Trouble> for StoreError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Busy(_) => Self::Busy,
            Trouble::Lost(why) => Self::OutcomeUnknown(why),
            Trouble::Unavailable(why) => Self::Unavailable(why),
            Trouble::Broken(why) => Self::Broken(why),
        }
    }
}

/// The codes of errors after which the same request may succeed.
pub(crate) const BUSY: [&str; 12] = [
    "LimitExceededException",
    "ProvisionedThroughputExceeded",
    "ProvisionedThroughputExceededException",
    "ReplicatedWriteConflictException",
    "RequestLimitExceeded",
    "Throttling",
    "ThrottlingError",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionConflict",
    "TransactionConflictException",
    "TransactionInProgressException",
];

impl Trouble {
    /// What went wrong, for a person.
    pub(crate) fn into_words(self) -> String {
        let (Self::Busy(why) | Self::Lost(why) | Self::Unavailable(why) | Self::Broken(why)) = self;
        why
    }

    /// What an error of the SDK means.
    pub(crate) fn of<E: ProvideErrorMetadata, R>(doing: &str, error: &SdkError<E, R>) -> Self {
        let SdkError::ServiceError(refused) = error else {
            let how = match error {
                SdkError::TimeoutError(_) => "no answer in time",
                SdkError::DispatchFailure(_) => "no connection",
                SdkError::ResponseError(_) => "the answer was cut off",
                SdkError::ConstructionFailure(_) => {
                    return Self::Broken(format!("{doing}: the request could not be made"));
                }
                SdkError::ServiceError(_) | _ => "no answer",
            };
            return Self::Lost(format!("{doing}: {how}"));
        };
        let code = refused.err().code().unwrap_or_default();
        let message = refused.err().message().unwrap_or_default();
        let text = format!("{doing}: {code} {message}");
        match code {
            code if BUSY.contains(&code) => Self::Busy(text),
            "ResourceNotFoundException"
            | "AccessDeniedException"
            | "UnrecognizedClientException"
            | "ExpiredTokenException"
            | "ItemCollectionSizeLimitExceededException" => Self::Unavailable(text),
            "ValidationException" | "IdempotentParameterMismatchException" => Self::Broken(text),
            // `InternalServerError`, `ServiceUnavailable` and what is not known here.
            _ => Self::Lost(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::error::ErrorMetadata;

    use super::*;

    fn check(code: &str, expected: &str) {
        let refused = ErrorMetadata::builder().code(code).message("why").build();
        let trouble = Trouble::of("put", &SdkError::service_error(refused, ()));
        assert_eq!(format!("{trouble:?}"), format!("{expected}(\"put: {code} why\")"));
    }

    #[test]
    fn codes_say_who_acts() {
        check("ThrottlingException", "Busy");
        check("TransactionConflictException", "Busy");
        check("ProvisionedThroughputExceededException", "Busy");
        check("InternalServerError", "Lost");
        check("ServiceUnavailable", "Lost");
        check("ResourceNotFoundException", "Unavailable");
        check("AccessDeniedException", "Unavailable");
        check("ValidationException", "Broken");
    }

    #[test]
    fn an_answer_that_did_not_come_is_lost() {
        let late: SdkError<ErrorMetadata, ()> = SdkError::timeout_error("late");
        assert_eq!(Trouble::of("put", &late), Trouble::Lost("put: no answer in time".to_owned()));
    }
}
