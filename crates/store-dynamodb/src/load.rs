//! Records of another home, put as they were there: with their versions, and with the events that they
//! said last, which count as said. Where they come from is not known here.

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
use futures_util::future::try_join_all;
use kernel::{Expect, Put, StoreError, Stored};

use crate::home::{Home, readable};
use crate::items;
use crate::store::DynamoStore;
use crate::tables::{ID, SAYS};
use crate::trouble::Trouble;

/// So many are on their way at once.
const AT_ONCE: usize = 32;

/// What became of what was loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Loaded {
    /// Put now.
    pub put: u64,
    /// There already, just as they are to be.
    pub there: u64,
}

impl DynamoStore {
    /// Puts each record where nothing stands yet. One that is there already as it is to be is passed
    /// over, so that a load that was cut off can be begun anew. The stream's filter does not see them:
    /// nothing is published.
    ///
    /// # Errors
    /// Where another record stands in the place of one, or the store cannot. Some may be put then.
    pub async fn load(&self, records: &[Stored]) -> Result<Loaded, StoreError> {
        let mut loaded = Loaded::default();
        for some in records.chunks(AT_ONCE) {
            let puts = some.iter().map(|stored| self.patiently(|| self.home.load(stored)));
            for is_new in try_join_all(puts).await? {
                let count = if is_new { &mut loaded.put } else { &mut loaded.there };
                *count = count.saturating_add(1);
            }
        }
        Ok(loaded)
    }
}

impl Home {
    /// Whether it was put now; false if it is there already.
    async fn load(&self, stored: &Stored) -> Result<bool, Trouble> {
        let expect = match stored.version {
            0 | 1 => Expect::Absent,
            version => Expect::Version(version.saturating_sub(1)),
        };
        let put = Put {
            record: stored.record.clone(),
            expect,
            events: stored.said.iter().cloned().collect(),
        };
        let table = self.table_for(put.record.kind(), put.record.key().id)?;
        let mut item = items::item(table, &put, &stored.said_before);
        item.remove(SAYS);
        let sent = self
            .client
            .put_item()
            .table_name(self.name(table))
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(#id)")
            .expression_attribute_names("#id", ID)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send();
        let error = match sent.await {
            Ok(_) => return Ok(true),
            Err(error) => error,
        };
        let Some(PutItemError::ConditionalCheckFailedException(failed)) = error.as_service_error()
        else {
            return Err(Trouble::of("PutItem", &error));
        };
        let kind = stored.record.kind();
        let there = failed.item().map(|item| readable(kind, item)).transpose()?;
        if there.is_some_and(|there| format!("{there:?}") == format!("{stored:?}")) {
            return Ok(false);
        }
        let key = stored.record.key();
        Err(Trouble::Unavailable(format!(
            "{key:?} is there already, and is another: load into tables that are empty"
        )))
    }
}
