//! What a decision writes, as one request: a conditional `PutItem` where one record changes and nothing
//! else must stay as it was, else a transaction. Who was faster is told from the answer. Nothing is
//! tried again here.

use std::sync::Arc;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    CancellationReason, ConditionCheck, Get, Put as TransactPut,
    ReturnValuesOnConditionCheckFailure, TransactGetItem, TransactWriteItem,
};
use kernel::{Expect, Key, Kind, Put, Said, Stored};

use crate::home::{Home, readable};
use crate::items;
use crate::tables::{ID, VERSION};
use crate::trouble::{BUSY, Trouble};

/// As many items as one transaction may have.
const TRANSACTION_MAX: usize = 100;
const ALL_OLD: ReturnValuesOnConditionCheckFailure = ReturnValuesOnConditionCheckFailure::AllOld;

/// A record to be put, and what its former versions said.
pub(crate) struct Write<'p> {
    pub(crate) put: &'p Put,
    pub(crate) said_before: Arc<[Said]>,
}

/// What must be unchanged though nothing is written on it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Guard {
    pub(crate) kind: &'static Kind,
    pub(crate) key: Key,
    pub(crate) expect: Expect,
}

/// What became of a write.
pub(crate) enum Written {
    /// It is durable.
    Done,
    /// Nothing was written: these are not as they were seen.
    Beaten(Vec<Winner>),
}

/// What is there in place of what was seen.
pub(crate) struct Winner {
    pub(crate) kind: &'static Kind,
    pub(crate) key: Key,
    pub(crate) found: Option<Stored>,
}

impl Home {
    /// Writes all of it or nothing.
    pub(crate) async fn write(
        &self,
        writes: &[Write<'_>],
        guards: &[Guard],
    ) -> Result<Written, Trouble> {
        match writes {
            [write] if guards.is_empty() => self.put(write).await,
            _ => self.transact(writes, guards).await,
        }
    }

    async fn put(&self, Write { put, said_before }: &Write<'_>) -> Result<Written, Trouble> {
        let table = self.table_for(put.record.kind(), put.record.key().id)?;
        let (condition, version) = condition(put.expect);
        let mut sent = self
            .client
            .put_item()
            .table_name(self.name(table))
            .set_item(Some(items::item(table, put, said_before)))
            .condition_expression(condition)
            .return_values_on_condition_check_failure(ALL_OLD)
            .set_return_consumed_capacity(self.metered());
        sent = match version {
            None => sent.expression_attribute_names("#id", ID),
            Some(version) => sent
                .expression_attribute_names("#version", VERSION)
                .expression_attribute_values(":version", items::number(version)),
        };
        match sent.send().await {
            Ok(done) => {
                self.used("PutItem", &done.consumed_capacity);
                Ok(Written::Done)
            }
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(failed)) => {
                    let (kind, key) = (put.record.kind(), put.record.key());
                    let found = failed.item().map(|item| readable(kind, item)).transpose()?;
                    Ok(Written::Beaten(vec![Winner { kind, key, found }]))
                }
                _ => Err(Trouble::of("PutItem", &error)),
            },
        }
    }

    async fn transact(&self, writes: &[Write<'_>], guards: &[Guard]) -> Result<Written, Trouble> {
        let puts_built = writes.iter().map(|write| self.transact_put(write));
        let checks_built = guards.iter().map(|guard| self.transact_check(guard));
        let built = puts_built.chain(checks_built).collect::<Result<Vec<_>, _>>()?;
        if built.len() > TRANSACTION_MAX {
            let size = built.len();
            return Err(Trouble::Broken(format!("{size} items are too many for a transaction")));
        }
        let sent = self
            .client
            .transact_write_items()
            .set_transact_items(Some(built))
            .set_return_consumed_capacity(self.metered());
        match sent.send().await {
            Ok(done) => {
                self.used("TransactWriteItems", done.consumed_capacity());
                Ok(Written::Done)
            }
            Err(error) => {
                let Some(reasons) = reasons(&error) else {
                    return Err(Trouble::of("TransactWriteItems", &error));
                };
                let of_puts =
                    writes.iter().map(|Write { put, .. }| (put.record.kind(), put.record.key()));
                let of_guards = guards.iter().map(|guard| (guard.kind, guard.key));
                beaten(of_puts.chain(of_guards), reasons)
            }
        }
    }

    fn transact_put(
        &self,
        Write { put, said_before }: &Write<'_>,
    ) -> Result<TransactWriteItem, Trouble> {
        let table = self.table_for(put.record.kind(), put.record.key().id)?;
        let (condition, version) = condition(put.expect);
        let built = TransactPut::builder()
            .table_name(self.name(table))
            .set_item(Some(items::item(table, put, said_before)))
            .condition_expression(condition)
            .return_values_on_condition_check_failure(ALL_OLD);
        let built = match version {
            None => built.expression_attribute_names("#id", ID),
            Some(version) => built
                .expression_attribute_names("#version", VERSION)
                .expression_attribute_values(":version", items::number(version)),
        };
        let put = built.build().map_err(|bad| Trouble::Broken(bad.to_string()))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    fn transact_check(&self, guard: &Guard) -> Result<TransactWriteItem, Trouble> {
        let table = self.table_for(guard.kind, guard.key.id)?;
        let (condition, version) = condition(guard.expect);
        let built = ConditionCheck::builder()
            .table_name(self.name(table))
            .set_key(Some(items::key(guard.key)))
            .condition_expression(condition)
            .return_values_on_condition_check_failure(ALL_OLD);
        let built = match version {
            None => built.expression_attribute_names("#id", ID),
            Some(version) => built
                .expression_attribute_names("#version", VERSION)
                .expression_attribute_values(":version", items::number(version)),
        };
        let check = built.build().map_err(|bad| Trouble::Broken(bad.to_string()))?;
        Ok(TransactWriteItem::builder().condition_check(check).build())
    }

    /// The records of these keys as they are at one moment.
    pub(crate) async fn snapshot(
        &self,
        keys: &[(&'static Kind, Key)],
    ) -> Result<Vec<Option<Stored>>, Trouble> {
        let mut built = Vec::with_capacity(keys.len());
        for (kind, key) in keys {
            let table = self.table_for(kind, key.id)?;
            let get =
                Get::builder().table_name(self.name(table)).set_key(Some(items::key(*key))).build();
            let get = get.map_err(|bad| Trouble::Broken(bad.to_string()))?;
            built.push(TransactGetItem::builder().get(get).build());
        }
        let sent = self
            .client
            .transact_get_items()
            .set_transact_items(Some(built))
            .set_return_consumed_capacity(self.metered());
        let got = sent.send().await.map_err(|error| {
            let canceled = error
                .as_service_error()
                .is_some_and(|refused| refused.is_transaction_canceled_exception());
            let doing = "TransactGetItems";
            if canceled { Trouble::Busy(doing.to_owned()) } else { Trouble::of(doing, &error) }
        })?;
        self.used("TransactGetItems", got.consumed_capacity());
        let items = got.responses().iter().map(|response| response.item());
        keys.iter()
            .zip(items)
            .map(|((kind, _), item)| item.map(|item| readable(kind, item)).transpose())
            .collect()
    }
}

fn condition(expect: Expect) -> (&'static str, Option<u64>) {
    match expect {
        Expect::Absent => ("attribute_not_exists(#id)", None),
        Expect::Version(version) => ("#version = :version", Some(version)),
    }
}

fn reasons(error: &SdkError<TransactWriteItemsError>) -> Option<&[CancellationReason]> {
    let refused = error.as_service_error()?;
    let TransactWriteItemsError::TransactionCanceledException(canceled) = refused else {
        return None;
    };
    Some(canceled.cancellation_reasons())
}

/// Reads why a transaction was cancelled: a reason for each of its items, in their order.
fn beaten(
    keys: impl Iterator<Item = (&'static Kind, Key)>,
    reasons: &[CancellationReason],
) -> Result<Written, Trouble> {
    let mut winners = Vec::new();
    let mut busy = None;
    for ((kind, key), reason) in keys.zip(reasons) {
        match reason.code().unwrap_or("None") {
            "None" => {}
            "ConditionalCheckFailed" => {
                // A key condition gives an empty item where there is none.
                let item = reason.item().filter(|item| !item.is_empty());
                let found = item.map(|item| readable(kind, item)).transpose()?;
                winners.push(Winner { kind, key, found });
            }
            code if BUSY.contains(&code) => busy = Some(format!("TransactWriteItems: {code}")),
            "ItemCollectionSizeLimitExceeded" => {
                return Err(Trouble::Unavailable(format!("{key:?} has no room for more")));
            }
            code => {
                let message = reason.message().unwrap_or_default();
                return Err(Trouble::Broken(format!("TransactWriteItems: {code} {message}")));
            }
        }
    }
    match busy {
        Some(why) if winners.is_empty() => Err(Trouble::Busy(why)),
        None if winners.is_empty() => {
            Err(Trouble::Lost("TransactWriteItems: cancelled without a reason".to_owned()))
        }
        Some(_) | None => Ok(Written::Beaten(winners)),
    }
}
