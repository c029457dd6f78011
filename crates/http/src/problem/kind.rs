//! Every kind of problem: its slug, title and status, and what a caller does about it.
//! Not in here: the document that carries it, see the parent module.

use axum::http::StatusCode;

/// Declares the kinds and the table that `docs/problems.md` is made from.
macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $slug:literal, $status:ident, $title:literal, $advice:literal;)*) => {
        /// A kind of problem. Its `type` is `https://fintech.example/problems/` and its slug; slugs
        /// and their status never change.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ProblemKind {
            $(#[doc = $title] $kind,)*
        }

        impl ProblemKind {
            /// Every kind, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)*];

            /// The last part of its `type`, such as `insufficient-funds`; also the reason in sagas.
            pub fn slug(self) -> &'static str {
                match self {
                    $(Self::$kind => $slug,)*
                }
            }

            /// The status of its answers.
            pub fn status(self) -> StatusCode {
                match self {
                    $(Self::$kind => StatusCode::$status,)*
                }
            }

            /// The same words for every problem of the kind.
            pub fn title(self) -> &'static str {
                match self {
                    $(Self::$kind => $title,)*
                }
            }

            /// What a caller does about it, in general.
            pub fn advice(self) -> &'static str {
                match self {
                    $(Self::$kind => $advice,)*
                }
            }
        }
    };
}

kinds! {
    Malformed = "malformed", BAD_REQUEST, "The request is malformed",
        "Correct the fields that `errors` names.";
    Unauthorized = "unauthorized", UNAUTHORIZED, "No valid token",
        "Send a valid bearer token in `Authorization`.";
    SignInRefused = "sign-in-refused", UNAUTHORIZED, "The sign-in is refused",
        "Check the name and what proves it; where a session is over, sign in again.";
    PasswordChangeRequired = "password-change-required", FORBIDDEN, "Another password must be chosen",
        "Choose one by `POST /v1/auth/password`; the one that was told is good for nothing else.";
    SignUpClosed = "sign-up-closed", FORBIDDEN, "Nobody can sign up here",
        "Ask an operator, who can make you a user.";
    Forbidden = "forbidden", FORBIDDEN, "Not for your role",
        "Ask somebody whose role may do it; from a page of another site nothing may be changed.";
    NotFound = "not-found", NOT_FOUND, "Not there, or not yours",
        "Check the id; what belongs to somebody else is not shown either.";
    MethodNotAllowed = "method-not-allowed", METHOD_NOT_ALLOWED, "The path has no such method",
        "Use one of the methods in `Allow`.";
    NameTaken = "name-taken", CONFLICT, "The name is taken",
        "Sign in if it is yours, or choose another.";
    LastOperator = "last-operator", CONFLICT, "He is the last operator",
        "Make somebody else an operator first, who chooses a password; on the machine itself `fintech user --data` does it all the same.";
    WrongState = "wrong-state", CONFLICT, "The state does not allow it",
        "Read the resource again; `detail` says which states allow it.";
    NotReversible = "not-reversible", CONFLICT, "This movement cannot be reversed",
        "Only credits, debits, transfers and imports can; refund a payment instead.";
    AlreadyReversed = "already-reversed", CONFLICT, "The movement was reversed before",
        "Nothing; read it to find its reversal in `reversed_by`.";
    BodyTooLarge = "body-too-large", PAYLOAD_TOO_LARGE, "The body is too large",
        "Send at most 64 KiB.";
    UnsupportedMediaType = "unsupported-media-type", UNSUPPORTED_MEDIA_TYPE, "Only JSON is taken",
        "Send the body as `Content-Type: application/json`, not compressed.";
    Misdirected = "misdirected", MISDIRECTED_REQUEST, "The host is not served here",
        "Use the address on which the program listens, or `localhost`; behind an edge, the API's own name.";
    InsufficientFunds = "insufficient-funds", UNPROCESSABLE_ENTITY, "Not enough available",
        "Add funds, or move at most what `detail` says is available.";
    CurrencyMismatch = "currency-mismatch", UNPROCESSABLE_ENTITY, "The currencies differ",
        "Use the wallet's own currency.";
    WalletFrozen = "wallet-frozen", UNPROCESSABLE_ENTITY, "The wallet is frozen",
        "Ask an operator to unfreeze it; credits still arrive.";
    WalletClosed = "wallet-closed", UNPROCESSABLE_ENTITY, "The wallet is closed",
        "Use another wallet; a closed one stays closed.";
    WalletNotEmpty = "wallet-not-empty", UNPROCESSABLE_ENTITY, "The wallet is not empty",
        "Move out what is in it and wait for its holds to end, then close it.";
    WalletNotFound = "wallet-not-found", UNPROCESSABLE_ENTITY, "No such wallet, or not yours",
        "Check the wallet id in the body.";
    SameWallet = "same-wallet", UNPROCESSABLE_ENTITY, "A wallet cannot transfer to itself",
        "Name another wallet in `to_wallet_id`.";
    BalanceLimit = "balance-limit", UNPROCESSABLE_ENTITY, "The balance would be too large",
        "A balance is at most 9007199254740991 minor units (90071992547409.91 USD); move less.";
    RefundExceedsCapture = "refund-exceeds-capture", UNPROCESSABLE_ENTITY, "More than was taken",
        "Refund at most what was taken, less the refunds made and under way; where all is back, nothing.";
    CaptureExceedsHold = "capture-exceeds-hold", UNPROCESSABLE_ENTITY, "More than is held",
        "Capture at most what is held.";
    HoldExpired = "hold-expired", UNPROCESSABLE_ENTITY, "The hold has expired",
        "Request the payment again.";
    AnswerTooLarge = "answer-too-large", UNPROCESSABLE_ENTITY, "The answer would be too large",
        "Ask for less at once: a shorter period, or a smaller `limit`.";
    IdempotencyKeyReused = "idempotency-key-reused", UNPROCESSABLE_ENTITY,
        "The idempotency key was used with another body",
        "Draw a new key for each new request; repeat a request with its own body.";
    TooManyRequests = "too-many-requests", TOO_MANY_REQUESTS, "Too many requests",
        "Wait as long as `Retry-After` says.";
    Internal = "internal", INTERNAL_SERVER_ERROR, "Something broke here",
        "Tell an operator the request id; do not repeat without an idempotency key.";
    Busy = "busy", SERVICE_UNAVAILABLE, "Too much is waiting",
        "Nothing was done; repeat after `Retry-After`.";
    Unavailable = "unavailable", SERVICE_UNAVAILABLE, "Not available now",
        "Nothing was done; repeat after `Retry-After`.";
    OutcomeUnknown = "outcome-unknown", SERVICE_UNAVAILABLE, "It may or may not have been done",
        "Repeat with the same `Idempotency-Key` after `Retry-After`; it is never done twice.";
}

impl ProblemKind {
    /// Where every kind's `type` begins.
    pub const BASE: &'static str = "https://fintech.example/problems/";

    /// The kind of a slug, such as a saga's reason.
    pub fn from_slug(slug: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.slug() == slug)
    }
}
