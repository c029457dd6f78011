//! What an entry says that something else must say too: the other account of a movement, the service
//! that asked for it, the hold, the reversed movement. Who says it, and who does not, is found by
//! letting both sides meet in a set.

use std::fmt;

use kernel::record::Account;
use kernel::{AnyId, Currency, Id, TransferId};
use wallet::records::{Direction, Entry, EntryKind, Hold, HoldState};

use super::chain::name;
use crate::facts::{Facts, Side};
use crate::sums::{account_of, has_chain};

/// Something that an entry says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Claim {
    /// What.
    pub(crate) about: About,
    /// The facts that the other side must say.
    pub(crate) facts: u128,
    /// On which side the entry is.
    pub(crate) side: Side,
}

/// What an entry says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum About {
    /// A payment, refund or loan moved this money.
    Service,
    /// The other account's chain has the other side.
    OtherSide,
    /// It reverses a movement of its account.
    Reverses(TransferId),
    /// It was reversed.
    ReversedBy(TransferId),
    /// A hold began.
    HoldBegun,
    /// A hold ended.
    HoldEnded,
}

/// Every claim of an entry.
pub(crate) fn claims(entry: &Entry) -> impl Iterator<Item = Claim> {
    [service(entry), other_side(entry), reverses(entry), reversed_by(entry), hold(entry)]
        .into_iter()
        .flatten()
}

/// Money that moved on behalf of another service, as that service must say it too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Movement {
    pub(crate) kind: EntryKind,
    /// The payment, refund or loan.
    pub(crate) of: AnyId,
    pub(crate) wallet: AnyId,
    pub(crate) counterparty: Account,
    pub(crate) minor: u64,
    pub(crate) currency: Currency,
}

impl Movement {
    pub(crate) fn facts(&self) -> u128 {
        Facts::about("movement")
            .text(self.kind.text())
            .id(self.of)
            .id(self.wallet)
            .text(&self.counterparty.to_string())
            .number(self.minor)
            .text(self.currency.code())
            .done()
    }
}

fn service(entry: &Entry) -> Option<Claim> {
    let is_asked_for =
        matches!(entry.kind, EntryKind::PaymentOut | EntryKind::RefundIn | EntryKind::LoanIn);
    let movement = Movement {
        kind: entry.kind,
        of: entry.related_id.unwrap_or(entry.cause),
        wallet: entry.account_id.wallet()?.any(),
        counterparty: entry.counterparty.clone()?,
        minor: entry.amount?,
        currency: entry.currency,
    };
    let facts = movement.facts();
    is_asked_for.then_some(Claim { about: About::Service, facts, side: Side::Left })
}

fn other_side(entry: &Entry) -> Option<Claim> {
    let counterparty = entry.counterparty.as_ref().filter(|account| has_chain(account))?;
    let own = account_of(entry.account_id).to_string();
    let other = counterparty.to_string();
    let (debit, credit, side) = match entry.direction? {
        Direction::Debit => (own, other, Side::Left),
        Direction::Credit => (other, own, Side::Right),
    };
    let facts = Facts::about("transfer")
        .id(entry.cause)
        .text(&debit)
        .text(&credit)
        .number(entry.amount?)
        .text(entry.currency.code())
        .done();
    Some(Claim { about: About::OtherSide, facts, side })
}

fn reverses(entry: &Entry) -> Option<Claim> {
    let (first, second) = (entry.reverses?, entry.transfer_id()?);
    let facts = reversal(entry, first, second, entry.direction?.opposite())?;
    Some(Claim { about: About::Reverses(first), facts, side: Side::Left })
}

fn reversed_by(entry: &Entry) -> Option<Claim> {
    let (first, second) = (entry.transfer_id()?, entry.reversed_by?);
    let facts = reversal(entry, first, second, entry.direction?)?;
    Some(Claim { about: About::ReversedBy(second), facts, side: Side::Right })
}

/// `direction` is that of the first movement.
fn reversal(
    entry: &Entry,
    first: TransferId,
    second: TransferId,
    direction: Direction,
) -> Option<u128> {
    let facts = Facts::about("reversal").id(entry.account_id.any()).id(first.any());
    let facts = facts.id(second.any()).text(direction.text()).number(entry.amount?);
    Some(facts.done())
}

fn hold(entry: &Entry) -> Option<Claim> {
    let of = entry.related_id.unwrap_or(entry.cause);
    let facts = Facts::about("hold").id(entry.account_id.any()).id(of);
    let facts = facts.number(entry.hold_amount?);
    if entry.kind == EntryKind::Hold {
        let facts = begun(facts, entry.expires_at?.micros());
        return Some(Claim { about: About::HoldBegun, facts, side: Side::Left });
    }
    let facts = match entry.amount {
        Some(captured) => ended(facts, CAPTURED, captured),
        None => ended(facts, entry.reason.as_ref().map_or("", |reason| reason.as_str()), 0),
    };
    Some(Claim { about: About::HoldEnded, facts, side: Side::Left })
}

/// What entries must say of a hold: that it began, and if it ended, how.
pub(crate) fn of_hold(hold: &Hold) -> (u128, Option<u128>) {
    let facts = Facts::about("hold").id(hold.wallet_id.any()).id(hold.payment_id.any());
    let facts = facts.number(hold.amount);
    let end = match hold.state {
        HoldState::Pending => None,
        HoldState::Captured => Some((CAPTURED, hold.captured.unwrap_or_default())),
        HoldState::Voided => Some(("requested", 0)),
        HoldState::Expired => Some(("expired", 0)),
    };
    let end = end.map(|(how, captured)| ended(facts.clone(), how, captured));
    (begun(facts, hold.expires_at.micros()), end)
}

const CAPTURED: &str = "captured";

fn begun(facts: Facts, expires_at_micros: i64) -> u128 {
    facts.text("begun").text(&expires_at_micros.to_string()).done()
}

fn ended(facts: Facts, how: &str, captured: u64) -> u128 {
    facts.text("ended").text(how).number(captured).done()
}

/// Whether money of that kind of entry may come from, or go to, that account.
pub(crate) fn fits(kind: EntryKind, counterparty: &Account) -> bool {
    match kind {
        EntryKind::Credit | EntryKind::Debit | EntryKind::Import => *counterparty == Account::World,
        EntryKind::TransferIn | EntryKind::TransferOut => {
            matches!(counterparty, Account::Wallet(_))
        }
        EntryKind::PaymentOut | EntryKind::RefundIn => {
            matches!(counterparty, Account::Merchant(_))
        }
        EntryKind::LoanIn => matches!(counterparty, Account::Loan(_)),
        EntryKind::LoanRepayment => {
            matches!(counterparty, Account::Loan(_) | Account::Wallet(_))
        }
        EntryKind::SavingsAdd | EntryKind::SavingsRedeem | EntryKind::SavingsRefund => {
            matches!(counterparty, Account::Goal(_) | Account::Wallet(_))
        }
        EntryKind::Reversal => matches!(counterparty, Account::World | Account::Wallet(_)),
        EntryKind::Opened
        | EntryKind::Hold
        | EntryKind::Release
        | EntryKind::Refused
        | EntryKind::Frozen
        | EntryKind::Unfrozen
        | EntryKind::Closed => false,
    }
}

/// The sentence for a claim that nobody met.
pub(crate) fn unmet(entry: &Entry, claim: &Claim) -> String {
    let but = match claim.about {
        About::Service => "which says no such thing",
        About::OtherSide => "whose chain has no other side of it",
        About::Reverses(_) => "which is no such movement, or does not say so",
        About::ReversedBy(_) => "which is no reversal of it",
        About::HoldBegun => "and there is no such hold",
        About::HoldEnded => "and the hold does not say so",
    };
    format!("{}, {but}.", said(entry, claim))
}

/// The sentence for a claim that an entry made before.
pub(crate) fn repeated(entry: &Entry, claim: &Claim) -> String {
    format!("{}, as an entry before it does.", said(entry, claim))
}

fn said(entry: &Entry, claim: &Claim) -> String {
    let name = name(entry);
    let money = Money(entry.amount, entry.currency);
    let held = Money(entry.hold_amount, entry.currency);
    let of = entry.related_id.map_or("nothing".to_owned(), |id| id.to_string());
    let other = entry.counterparty.as_ref().map_or("nobody".to_owned(), Account::to_string);
    match claim.about {
        About::Service => {
            format!("{name} books {money} between its wallet and {other} for {of}")
        }
        About::OtherSide => format!("{name} moves {money} between its account and {other}"),
        About::Reverses(first) => format!("{name} reverses {first}"),
        About::ReversedBy(second) => format!("{name} is said to be reversed by {second}"),
        About::HoldBegun => format!("{name} holds {held} for {of}"),
        About::HoldEnded => format!("{name} ends the hold of {held} for {of}"),
    }
}

/// An amount for a sentence: `25.50 USD`.
pub(crate) struct Money(pub(crate) Option<u64>, pub(crate) Currency);

impl fmt::Display for Money {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let minor = i128::from(self.0.unwrap_or_default());
        write!(out, "{} {}", crate::sums::decimal(minor, self.1), self.1)
    }
}
