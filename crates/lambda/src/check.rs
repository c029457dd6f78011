//! Asked by who deployed it, a function tries every right that the manifest says it needs, and every one
//! that it says it must not have, with its own role and its own settings, and names all that are not so:
//! `{"check": {...}}`, in which stands what the manifest has of the function. Nothing is written and
//! nobody hears anything. Not in here: how a right on a table is tried.

use std::collections::BTreeMap;

use kernel::Topic;
use serde::Deserialize;
use serde_json::json;
use store_dynamodb::tables::tables;
use store_dynamodb::{DynamoStore, Options, Reach};

use crate::failure::Failure;
use crate::function::{SERVICES, deployed_name};
use crate::relay::try_topic;
use crate::settings::{Lookup, Settings};

/// How such an invocation begins. Nothing that AWS hands over does.
const BEGINS: &str = "{\"check\"";

#[derive(Deserialize)]
struct Asked {
    check: Rights,
}

/// What the manifest has of a function's rights.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Rights {
    tables: BTreeMap<String, Vec<String>>,
    indexes: BTreeMap<String, Vec<String>>,
    items: Vec<OnItem>,
    denied: Vec<OnItem>,
    publishes: Vec<String>,
    invokes: Vec<String>,
}

/// Actions on the items of one key.
#[derive(Deserialize)]
struct OnItem {
    table: String,
    key: String,
    actions: Vec<String>,
}

/// Whether an invocation asks for this.
pub fn is_asked(payload: &str) -> bool {
    payload.starts_with(BEGINS)
}

/// Tries each right. The answer says how many there were.
///
/// # Errors
/// When one is not as it must be, or could not be tried: all such are named, with AWS's own words.
pub async fn check(payload: &str, settings: Lookup<'_>) -> Result<String, Failure> {
    let Asked { check } =
        serde_json::from_str(payload).map_err(|error| Failure::malformed(&error))?;
    let settings = Settings::read(settings)?;
    let reach = Reach::new(&settings.aws).map_err(|error| Failure::Start(error.to_string()))?;
    let mut found = Found::default();
    let prefix = &settings.table_prefix;
    let store = DynamoStore::new(Options::new(reach.dynamodb(), prefix, tables(&SERVICES)));
    on_tables(&check, &store, prefix, &mut found).await;
    for name in &check.publishes {
        let topic = Topic::ALL.into_iter().find(|topic| topic.name() == name);
        let tried = match topic.map(|topic| settings.topic(topic)) {
            Some(Ok(arn)) => try_topic(&reach, arn).await,
            Some(Err(failure)) => Err(failure.to_string()),
            None => Err(format!("this program knows no topic {name}")),
        };
        found.take(&format!("sns:Publish on {name}"), tried);
    }
    for function in &check.invokes {
        let name = deployed_name(prefix, function);
        let tried = reach.try_call(&name).await;
        found.take(&format!("lambda:InvokeFunction on {name}"), tried);
    }
    found.told(&settings.function)
}

async fn on_tables(check: &Rights, store: &DynamoStore, prefix: &str, found: &mut Found) {
    for (service, action) in each(&check.tables) {
        let what = format!("{action} on {prefix}-{service}");
        found.take(&what, store.try_action(service, action, None).await);
    }
    for (service, index) in each(&check.indexes) {
        let what = format!("dynamodb:Query on {prefix}-{service}/index/{index}");
        found.take(&what, store.try_index(service, index).await);
    }
    for OnItem { table, key, actions } in &check.items {
        for action in actions {
            let what = format!("{action} on {key} of {prefix}-{table}");
            found.take(&what, store.try_action(table, action, Some(key)).await);
        }
    }
    for OnItem { table, key, actions } in &check.denied {
        for action in actions {
            let what = format!("no {action} on {key} of {prefix}-{table}");
            found.take(&what, store.try_denied(table, action, key).await);
        }
    }
}

fn each(rights: &BTreeMap<String, Vec<String>>) -> impl Iterator<Item = (&str, &str)> {
    rights.iter().flat_map(|(on, names)| names.iter().map(|name| (on.as_str(), name.as_str())))
}

#[derive(Default)]
struct Found {
    tried: usize,
    wrong: Vec<String>,
}

impl Found {
    fn take(&mut self, what: &str, tried: Result<(), String>) {
        self.tried = self.tried.saturating_add(1);
        if let Err(why) = tried {
            tracing::error!(right = what, why, "a right is not as it must be");
            self.wrong.push(format!("{what} ({why})"));
        }
    }

    fn told(self, function: &str) -> Result<String, Failure> {
        let Self { tried, wrong } = self;
        if wrong.is_empty() {
            return Ok(json!({ "function": function, "rights": tried }).to_string());
        }
        let count = wrong.len();
        let wrong = wrong.join("; ");
        let told =
            format!("{count} of {tried} rights of {function} are not as they must be: {wrong}");
        Err(Failure::Rights(told))
    }
}
