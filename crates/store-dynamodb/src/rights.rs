//! Tries what a role may do on the tables, one action at a time, where trying changes nothing: keys that
//! no record has, conditions that no item meets. What a function must be able to do, and what it must
//! not, is not known here.

use aws_sdk_dynamodb::error::{BuildError, ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, KeysAndAttributes, TransactWriteItem,
};

use crate::home::Home;
use crate::items::{self, Item};
use crate::store::DynamoStore;
use crate::tables::{Attribute, AttributeType, ID, SEQUENCE, Table};
use crate::trouble::Trouble;

/// No record has this id.
const NOBODY: &str = "nobody";

/// No item meets it, there or not.
const NEVER: &str = "attribute_exists(#id) AND attribute_not_exists(#id)";

/// What a role does not allow is refused with this code.
const DENIED: &str = "AccessDeniedException";

impl DynamoStore {
    /// Whether an action, as policies name it (`dynamodb:PutItem`), may be taken on a service's table, or
    /// on the items of one key in it.
    ///
    /// # Errors
    /// Why it could not be seen to be, for a person: AWS's own words, or that there is no such table or
    /// action.
    pub async fn try_action(
        &self,
        service: &str,
        action: &str,
        key: Option<&str>,
    ) -> Result<(), String> {
        self.home.try_action(service, action, key).await.map_err(Trouble::into_words)
    }

    /// Whether an action is refused on the items of that key.
    ///
    /// # Errors
    /// That it is not, or why it could not be seen to be.
    pub async fn try_denied(&self, service: &str, action: &str, key: &str) -> Result<(), String> {
        match self.home.try_action(service, action, Some(key)).await {
            Ok(()) => Err("it is allowed, and must not be".to_owned()),
            Err(Trouble::Unavailable(why)) if why.contains(DENIED) => Ok(()),
            Err(trouble) => Err(trouble.into_words()),
        }
    }

    /// Whether an index of a service's table may be queried.
    ///
    /// # Errors
    /// See [`try_action`](Self::try_action).
    pub async fn try_index(&self, service: &str, index: &str) -> Result<(), String> {
        self.home.try_index(service, index).await.map_err(Trouble::into_words)
    }
}

impl Home {
    fn table_named(&self, service: &str) -> Result<&Table, Trouble> {
        let found = self.tables.iter().find(|table| table.service == service);
        found.ok_or_else(|| unknown(&format!("table of {service}")))
    }

    async fn try_action(
        &self,
        service: &str,
        action: &str,
        key: Option<&str>,
    ) -> Result<(), Trouble> {
        let table = self.table_named(service)?;
        let name = self.name(table);
        let key = item_of(key.unwrap_or(NOBODY));
        match action {
            "dynamodb:GetItem" => {
                let sent = self.client.get_item().table_name(name).set_key(Some(key));
                told(action, sent.send().await)
            }
            "dynamodb:BatchGetItem" => {
                let keys =
                    KeysAndAttributes::builder().keys(key).build().map_err(|bad| broken(&bad))?;
                told(action, self.client.batch_get_item().request_items(name, keys).send().await)
            }
            "dynamodb:PutItem" => {
                let sent = self.client.put_item().table_name(name).set_item(Some(key));
                let sent = sent.condition_expression(NEVER).expression_attribute_names("#id", ID);
                told(action, sent.send().await)
            }
            "dynamodb:ConditionCheckItem" => {
                let check = ConditionCheck::builder().table_name(name).set_key(Some(key));
                let check = check.condition_expression(NEVER).expression_attribute_names("#id", ID);
                let check = check.build().map_err(|bad| broken(&bad))?;
                let check = TransactWriteItem::builder().condition_check(check).build();
                told(action, self.client.transact_write_items().transact_items(check).send().await)
            }
            "dynamodb:Query" => self.try_query(table, None, &table.key().0).await,
            "dynamodb:Scan" => {
                told(action, self.client.scan().table_name(name).limit(1).send().await)
            }
            _ => Err(unknown(&format!("action {action}"))),
        }
    }

    async fn try_index(&self, service: &str, index: &str) -> Result<(), Trouble> {
        let table = self.table_named(service)?;
        let is_local = table.local_indexes.iter().any(|local| local.name == index);
        let global = table.indexes.iter().find(|global| global.name == index);
        let partition = match global {
            Some(global) => &global.partition,
            None if is_local => &table.key().0,
            None => return Err(unknown(&format!("index {index} of {service}"))),
        };
        self.try_query(table, Some(index), partition).await
    }

    async fn try_query(
        &self,
        table: &Table,
        index: Option<&str>,
        partition: &Attribute,
    ) -> Result<(), Trouble> {
        let value = match partition.r#type {
            AttributeType::Text => items::text(NOBODY),
            AttributeType::Number => items::number(-1),
            AttributeType::Bytes => AttributeValue::B(NOBODY.as_bytes().into()),
        };
        let sent = self
            .client
            .query()
            .table_name(self.name(table))
            .set_index_name(index.map(str::to_owned))
            .key_condition_expression("#partition = :partition")
            .expression_attribute_names("#partition", &partition.name)
            .expression_attribute_values(":partition", value)
            .limit(1);
        told("dynamodb:Query", sent.send().await)
    }
}

fn item_of(id: &str) -> Item {
    Item::from([(ID.to_owned(), items::text(id)), (SEQUENCE.to_owned(), items::number(0))])
}

fn unknown(what: &str) -> Trouble {
    Trouble::Broken(format!("this program knows no {what}"))
}

fn broken(bad: &BuildError) -> Trouble {
    Trouble::Broken(bad.to_string())
}

/// A condition that was not met was looked at: that was allowed.
fn told<T, E, R>(action: &str, answer: Result<T, SdkError<E, R>>) -> Result<(), Trouble>
where
    E: ProvideErrorMetadata,
{
    const UNMET: [&str; 2] = ["ConditionalCheckFailedException", "TransactionCanceledException"];
    match answer {
        Ok(_) => Ok(()),
        Err(error) if error.code().is_some_and(|code| UNMET.contains(&code)) => Ok(()),
        Err(error) => Err(Trouble::of(action, &error)),
    }
}
