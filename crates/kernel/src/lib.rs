//! What every service shares: money, ids, time, records, events, decisions, the manifest's types and
//! the ports. No I/O here, and no word of HTTP, SQL, an SDK or an async runtime.

pub mod audit;
pub mod caller;
pub mod context;
pub mod decision;
pub mod due;
pub mod event;
pub mod id;
pub mod manifest;
pub mod memory;
pub mod money;
pub mod operators;
pub mod record;
pub mod request;
pub mod rights;
pub mod saga;
pub mod store;
pub mod text;
pub mod time;

pub use caller::{Caller, Role, RoleName, Subject};
pub use context::{Context, CorrelationId, TraceParent};
pub use decision::{Chain, Decision, ErasedDecision, Expect, Known, Put, Suspend, View, Writes};
pub use event::{Envelope, EventData, EventKind, Said, Topic};
pub use id::{
    AnyId, AuditId, DeadLetterId, EventId, GoalId, HoldId, Id, LoanId, LoginNameId, PaymentId,
    Prefix, RefundId, RepaymentId, SessionId, SigningKeysId, SubId, TrailId, TransferId,
    TrialBalanceId, WalletId,
};
pub use money::{Amount, AmountRefused, Balance, Currency};
pub use record::{Account, AnyRecord, ChainId, Key, Kind, Record, Rules, Stored, Value};
pub use request::RequestKey;
pub use rights::Scope;
pub use store::{Store, StoreError};
pub use time::{Clock, Ids, Time};
