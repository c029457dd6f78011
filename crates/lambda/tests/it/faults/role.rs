//! What the manifest lets a function do, held against what it asks for: every request needs actions as
//! policies name them, on tables, indexes, single items, topics and functions. Nothing is refused here.

use serde_json::Value;

use super::message::Message;

/// See the file's comment.
pub(super) struct Role {
    function: String,
    /// What the manifest has of it.
    declared: Value,
}

/// Something that a request does.
struct Need {
    action: &'static str,
    /// The table, the topic or the function.
    on: String,
    index: Option<String>,
    /// The partition key, where it is one item.
    key: Option<String>,
}

impl Role {
    /// That of the function of this name.
    pub(super) fn of(function: &str) -> Self {
        let manifest = include_str!("../../../../../terraform/manifest.json");
        let mut manifest: Value = serde_json::from_str(manifest).unwrap();
        let declared = manifest["functions"][function].take();
        assert!(declared.is_object(), "the manifest has no function {function}");
        Self { function: function.to_owned(), declared }
    }

    /// What of a request is not allowed.
    pub(super) fn lacks(&self, request: &Message) -> Vec<String> {
        let lacking = needs(request).into_iter().filter(|need| !self.allows(need));
        lacking.map(|need| format!("{} may not {}", self.function, need.told())).collect()
    }

    fn allows(&self, need: &Need) -> bool {
        let Need { action, on, index, key } = need;
        let declared = &self.declared;
        match (*action, index) {
            ("sns:Publish", _) => has(&declared["publishes"], on),
            ("lambda:InvokeFunction", _) => has(&declared["invokes"], on),
            (_, Some(index)) => has(&declared["indexes"][on], index),
            (_, None) => {
                let on_item = |items: &Value| {
                    let mut items = items.as_array().into_iter().flatten();
                    items.any(|item| {
                        let is_it = item["table"] == *on && item["key"].as_str() == key.as_deref();
                        is_it && has(&item["actions"], action)
                    })
                };
                let is_allowed =
                    has(&declared["tables"][on], action) || on_item(&declared["items"]);
                is_allowed && !on_item(&declared["denied"])
            }
        }
    }
}

impl Need {
    fn told(&self) -> String {
        let Self { action, on, index, key } = self;
        let narrower = [index, key].map(|name| name.clone().unwrap_or_default());
        format!("{action} on {on} {}", narrower.concat())
    }
}

fn has(list: &Value, name: &str) -> bool {
    list.as_array().into_iter().flatten().any(|one| one == name)
}

/// What a request needs.
fn needs(request: &Message) -> Vec<Need> {
    let body = request.json();
    let on_table = |action, asked: &Value, item: &str| Need {
        action,
        on: service(asked["TableName"].as_str().unwrap()),
        index: asked["IndexName"].as_str().map(str::to_owned),
        key: asked[item]["id"]["S"].as_str().map(str::to_owned),
    };
    let in_transaction = |part: &str, action, item: &str| {
        let items = body["TransactItems"].as_array().unwrap().iter();
        let parts = items.map(|one| &one[part]).filter(|part| part.is_object());
        parts.map(|part| on_table(action, part, item)).collect::<Vec<_>>()
    };
    match request.operation().as_str() {
        "GetItem" => vec![on_table("dynamodb:GetItem", &body, "Key")],
        "PutItem" => vec![on_table("dynamodb:PutItem", &body, "Item")],
        "Query" => vec![on_table("dynamodb:Query", &body, "")],
        "Scan" => vec![on_table("dynamodb:Scan", &body, "")],
        "BatchGetItem" => {
            let tables = body["RequestItems"].as_object().unwrap().iter();
            let keys = tables.flat_map(|(table, asked)| {
                let keys = asked["Keys"].as_array().unwrap().iter();
                keys.map(move |key| (service(table), key["id"]["S"].as_str().map(str::to_owned)))
            });
            let action = "dynamodb:BatchGetItem";
            keys.map(|(on, key)| Need { action, on, index: None, key }).collect()
        }
        "TransactGetItems" => in_transaction("Get", "dynamodb:GetItem", "Key"),
        "TransactWriteItems" => {
            let checks = in_transaction("ConditionCheck", "dynamodb:ConditionCheckItem", "Key");
            in_transaction("Put", "dynamodb:PutItem", "Item").into_iter().chain(checks).collect()
        }
        "PublishBatch" => {
            let arn = request.form("TopicArn").unwrap();
            let on = arn.rsplit(':').next().unwrap().to_owned();
            vec![Need { action: "sns:Publish", on, index: None, key: None }]
        }
        "Invoke" => {
            let on = super::cloud::function_of(&request.called());
            vec![Need { action: "lambda:InvokeFunction", on, index: None, key: None }]
        }
        other => panic!("nothing is known of {other}"),
    }
}

/// Whose table that is.
fn service(table: &str) -> String {
    table.rsplit('-').next().unwrap().to_owned()
}
