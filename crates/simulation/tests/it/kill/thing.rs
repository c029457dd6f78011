//! What the program has said that it made, and what it must say of it from then on.

use serde_json::{Value, json};

use super::client::Answer;
use super::request::{Request, What, money};

/// What may change of a thing after its first answer.
const CHANGING: &[&str] = &[
    "status",
    "reason",
    "under_way",
    "captured_amount",
    "refunded_amount",
    "expires_at",
    "updated_at",
    "attempt",
    "funded_at",
];

/// How a thing is once no saga is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// As it was at first.
    Same,
    Payment {
        status: &'static str,
        reason: Option<&'static str>,
        captured: i64,
        refunded: i64,
    },
    Refund,
    Loan {
        is_approved: bool,
    },
}

impl End {
    fn is_shown_by(self, shown: &Value) -> bool {
        match self {
            Self::Same => true,
            Self::Payment { status, reason, captured, refunded } => {
                shown["status"] == status
                    && shown["reason"] == json!(reason)
                    && shown["under_way"] == json!(null)
                    && shown["captured_amount"] == money(captured)
                    && shown["refunded_amount"] == money(refunded)
            }
            Self::Refund => shown["status"] == "SUCCESSFUL" && shown["reason"] == json!(null),
            Self::Loan { is_approved } => {
                let status = if is_approved { "APPROVED" } else { "PENDING" };
                shown["status"] == status && shown["funded_at"].is_string() == is_approved
            }
        }
    }
}

/// A wallet, a direct movement, a payment, a refund or a loan.
#[derive(Debug)]
pub(super) struct Thing {
    /// Where it is read; a movement is read in the histories.
    pub(super) place: Option<String>,
    pub(super) made_by: Request,
    /// The first answer to that.
    pub(super) first: Answer,
    /// What changed it since.
    pub(super) changed_by: Vec<Request>,
    /// As it was shown last.
    pub(super) seen: Value,
    /// Whether it was shown at its end, and nothing was asked of it since.
    pub(super) is_sure: bool,
    pub(super) end: End,
    /// Whether it was made or changed since the last start.
    pub(super) is_new: bool,
}

impl Thing {
    /// What a request made.
    pub(super) fn made(place: Option<String>, made_by: Request, first: Answer, end: End) -> Self {
        let seen = first.body.clone();
        let is_sure = end.is_shown_by(&seen);
        let changed_by = Vec::new();
        Self { place, made_by, first, changed_by, seen, is_sure, end, is_new: true }
    }

    /// What may be asked of it, if anything may.
    pub(super) fn next(&self, on: usize, percent: i64) -> Option<What> {
        if !self.is_sure {
            return None;
        }
        let part = |minor: i64| (minor * percent / 100).max(1);
        match (self.end, self.made_by.what) {
            (End::Payment { status: "AUTHORIZED", .. }, What::Pay { minor, .. }) => {
                let what = What::Capture { on, minor: part(minor) };
                Some(if percent > 80 { What::Void { on } } else { what })
            }
            (End::Payment { status: "SUCCESSFUL", captured, refunded, .. }, _) => {
                Some(What::Refund { on, minor: part(captured - refunded) })
            }
            (End::Loan { is_approved: false }, _) => Some(What::Approve { on }),
            _ => None,
        }
    }

    /// It is to end otherwise than it was to.
    pub(super) fn changed(&mut self, end: End, by: Request) {
        self.end = end;
        self.changed_by.push(by);
    }

    /// Takes in that it was shown as it is now. What it said for good it says still; what it said at
    /// its end, too, if nothing was asked of it since.
    #[track_caller]
    pub(super) fn shown(&mut self, shown: Value) {
        let first = self.first.body.as_object().unwrap();
        for (name, value) in first.iter().filter(|(name, _)| !CHANGING.contains(&name.as_str())) {
            assert_eq!(shown[name], *value, "{name} of {shown} after {:?}", self.first);
        }
        assert!(!self.is_sure || shown == self.seen, "{shown} was {}", self.seen);
        self.is_sure = self.end.is_shown_by(&shown);
        self.seen = shown;
    }

    /// Every saga has ended: it must have come to its end.
    #[track_caller]
    pub(super) fn assert_ended(&self) {
        let (end, seen) = (&self.end, &self.seen);
        assert!(self.is_sure, "it should have come to {end:?}: {seen}; made by {:?}", self.made_by);
    }
}
