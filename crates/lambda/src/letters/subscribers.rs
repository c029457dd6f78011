//! Calling one subscriber, with a message as its topic brings it. Not in here: which, and why again.

use kernel::StoreError;
use kernel::store::BoxFuture;
use serde_json::json;
use store_dynamodb::Reach;

use crate::function::{Function, deployed_name};

/// The functions that hear events, and those that say them.
pub trait Subscribers: Send + Sync + 'static {
    /// Gives a message to the one function of that name, which hears it soon, and as often as it
    /// takes. `id` names the message in the function's log. A relay's message names the record that it
    /// says again.
    fn call<'a>(
        &'a self,
        function: &'a str,
        id: &'a str,
        message: &'a str,
    ) -> BoxFuture<'a, Result<(), StoreError>>;
}

/// For functions that call no other.
pub(crate) struct NoSubscribers;

impl Subscribers for NoSubscribers {
    fn call<'a>(
        &'a self,
        function: &'a str,
        _: &'a str,
        _: &'a str,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        let why = format!("this function may not call {function}");
        Box::pin(async { Err(StoreError::Broken(why)) })
    }
}

/// Calls functions of this deployment.
#[derive(Debug)]
pub struct LambdaSubscribers {
    reach: Reach,
    prefix: String,
}

impl LambdaSubscribers {
    /// Those whose names begin with that prefix.
    pub fn new(reach: Reach, prefix: String) -> Self {
        Self { reach, prefix }
    }
}

impl Subscribers for LambdaSubscribers {
    fn call<'a>(
        &'a self,
        function: &'a str,
        id: &'a str,
        message: &'a str,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            let name = deployed_name(&self.prefix, function);
            let payload = match Function::named(function) {
                Some(Function::Relay(_)) => message.to_owned(),
                _ => notification(id, message),
            };
            // Asynchronously, as a topic does it: with the function's attempts, and its queue for
            // what it could not do.
            let called = self.reach.call_later(&name, payload).await;
            called.map_err(|why| StoreError::Unavailable(format!("{name} cannot be called: {why}")))
        })
    }
}

/// A message as a topic brings it to a function.
fn notification(id: &str, message: &str) -> String {
    let sns = json!({ "Type": "Notification", "MessageId": id, "Message": message });
    json!({ "Records": [{ "EventSource": "aws:sns", "EventVersion": "1.0", "Sns": sns }] })
        .to_string()
}
