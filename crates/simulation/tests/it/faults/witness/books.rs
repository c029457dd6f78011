//! What a store holds, and what it must hold by what was asked of it. What callers were told is not known
//! here.

use std::collections::HashMap;

use kernel::record::ChainId;
use kernel::{AnyId, Id, PaymentId, WalletId};
use payment::records::{Payment, PaymentStatus};
use wallet::records::Entry;

use super::{Trouble, wrong};
use crate::faults::deed::{Asked, Deed, words};

/// What a store holds, by what one looks for.
pub(super) struct Held<'a> {
    entries: HashMap<(ChainId, AnyId), &'a Entry>,
    heads: HashMap<ChainId, &'a Entry>,
    pub(super) payments: HashMap<PaymentId, &'a Payment>,
}

impl<'a> Held<'a> {
    pub(super) fn of(entries: &'a [Entry], payments: &'a [Payment]) -> Self {
        let by_cause = entries.iter().map(|entry| ((entry.account_id, entry.cause), entry));
        // They come in the order of their sequence, so that the last one stays.
        let heads = entries.iter().map(|entry| (entry.account_id, entry));
        let payments = payments.iter().map(|payment| (payment.payment_id, payment));
        Self { entries: by_cause.collect(), heads: heads.collect(), payments: payments.collect() }
    }

    /// What a deed has made, in the words of its answer.
    pub(super) fn find(&self, asked: &Asked) -> Result<Option<String>, Trouble> {
        let of = |wallet: WalletId, cause: AnyId| self.entries.get(&(wallet.into(), cause));
        let (wallet, transfer) = (asked.wallet(), asked.transfer().any());
        let found = match asked.deed {
            Deed::Open => of(wallet, wallet.any()),
            Deed::Credit { to, .. } => of(to, transfer),
            Deed::Transfer { from, to, .. } => {
                let (leaves, arrives) = (of(from, transfer), of(to, transfer));
                if leaves.is_some() != arrives.is_some() {
                    return wrong(format!("{asked:?} is there by half"));
                }
                leaves
            }
            Deed::Pay { .. } => {
                let payment = self.payments.get(&asked.payment());
                return Ok(payment.map(|payment| payment.payment_id.to_string()));
            }
        };
        Ok(found.map(|entry| words(entry)))
    }
}

/// What must be there, from what was asked for.
#[derive(Default)]
pub(super) struct Expected {
    balances: HashMap<WalletId, i64>,
    entries: usize,
    payments: usize,
}

impl Expected {
    pub(super) fn add(&mut self, asked: &Asked, held: &Held<'_>) {
        let mut moves = |wallet: WalletId, cents: i64| {
            *self.balances.entry(wallet).or_default() += cents;
        };
        self.entries += 1;
        match asked.deed {
            Deed::Open => moves(asked.wallet(), 0),
            Deed::Credit { to, cents } => moves(to, cents.cast_signed()),
            Deed::Transfer { from, to, cents } => {
                moves(from, -cents.cast_signed());
                moves(to, cents.cast_signed());
                self.entries += 1;
            }
            Deed::Pay { from, cents } => {
                self.payments += 1;
                let payment = held.payments[&asked.payment()];
                if payment.status == PaymentStatus::Successful {
                    moves(from, -cents.cast_signed());
                }
            }
        }
    }

    pub(super) fn compare(&self, held: &Held<'_>) -> Result<(), Trouble> {
        if (self.entries, self.payments) != (held.entries.len(), held.payments.len()) {
            return wrong(format!(
                "{} entries and {} payments were asked for, {} and {} are there",
                self.entries,
                self.payments,
                held.entries.len(),
                held.payments.len()
            ));
        }
        for (wallet, balance) in &self.balances {
            let there = held.heads.get(&ChainId::from(*wallet)).map(|head| head.balance_after);
            if there != Some(*balance) {
                return wrong(format!("{wallet} must have {balance} cents, and has {there:?}"));
            }
        }
        Ok(())
    }
}
