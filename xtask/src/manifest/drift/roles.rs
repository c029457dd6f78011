//! That each function's role lets it do what the manifest says and nothing more: its policy is taken
//! apart into single actions on single resources, and compared.

use std::collections::BTreeSet;

use serde_json::Value;

use super::state::State;
use super::{
    ACCOUNT, REGION, arn_of_function, arn_of_queue, arn_of_table, arn_of_topic, full_name, keys,
    object, texts,
};

/// An action on a resource.
type Leave = (String, String);

/// Every function has a role of its own, with just its actions.
pub(super) fn are_those(manifest: &Value, state: &State) {
    let functions = state.by("aws_lambda_function", "handler");
    let roles = state.by("aws_iam_role", "arn");
    let policies: Vec<_> =
        state.all("aws_iam_role_policy").filter(|policy| policy.name == "this").collect();
    assert_eq!(policies.len(), functions.len());
    assert_eq!(state.all("aws_iam_role_policy_attachment").count(), 0);
    for (name, function) in functions {
        let role = roles[function.text("role")].text("name");
        assert_eq!(role, full_name(name));
        let mut own = policies.iter().filter(|policy| policy.text("role") == role);
        let policy = own.next().unwrap().json("policy");
        assert_eq!(allowed(&policy), declared(name, &manifest["functions"][name]), "{name}");
    }
}

/// A query by wallet goes to an index: the role lets the function query that one, and not the table.
pub(super) fn queries_by_wallet_name_their_index(manifest: &Value, state: &State) {
    let mut seen = BTreeSet::new();
    for policy in state.all("aws_iam_role_policy").filter(|policy| policy.name == "this") {
        let functions = object(&manifest["functions"]).iter();
        let mut named = functions.filter(|(name, _)| policy.text("role") == full_name(name));
        let (name, function) = named.next().unwrap();
        let path = function["route"]["path"].as_str().unwrap_or_default();
        if !path.contains("/by-wallet/") {
            continue;
        }
        seen.insert(name);
        let service = function["service"].as_str().unwrap();
        let index = format!("{service}_by_wallet");
        let partition = manifest["tables"][service]["indexes"][&index]["partition"].as_str();
        assert!(partition.is_some_and(|name| name.contains("wallet")), "{name}: {partition:?}");
        let queried: BTreeSet<_> = allowed(&policy.json("policy"))
            .into_iter()
            .filter(|(action, _)| action == "dynamodb:Query")
            .map(|(_, resource)| resource)
            .collect();
        let expected = BTreeSet::from([format!("{}/index/{index}", arn_of_table(service))]);
        assert_eq!(queried, expected, "{name}");
    }
    assert!(seen.len() >= 2, "only these list by wallet: {seen:?}");
}

/// A role that may use the customer's key may use it by AWS's services alone.
pub(super) fn keys_are_used_by_services_alone(state: &State) {
    let mut seen = BTreeSet::new();
    for policy in state.all("aws_iam_role_policy") {
        for statement in policy.json("policy")["Statement"].as_array().unwrap() {
            let actions = one_or_many(&statement["Action"]);
            if !actions.iter().any(|action| action.starts_with("kms:")) {
                continue;
            }
            seen.insert(policy.text("role"));
            let via = one_or_many(&statement["Condition"]["StringEquals"]["kms:ViaService"]);
            assert!(!via.is_empty(), "{statement}");
            let suffix = format!(".{REGION}.amazonaws.com");
            assert!(via.iter().all(|service| service.ends_with(&suffix)), "{statement}");
        }
    }
    assert_eq!(seen.len(), state.all("aws_iam_role").count(), "every role uses the key");
}

/// What the policy of a role allows; what it denies has `not` before its action. The only condition is
/// for which items of a table that is, whose key then stands behind the resource.
fn allowed(policy: &Value) -> BTreeSet<Leave> {
    let mut allowed = BTreeSet::new();
    for statement in policy["Statement"].as_array().unwrap() {
        let mut found = keys(statement);
        found.remove("Condition");
        let known = BTreeSet::from(["Action", "Effect", "Resource", "Sid"]);
        assert_eq!(found, known, "{statement}");
        let (not, key) = match (statement["Effect"].as_str(), &statement["Condition"]) {
            (Some("Allow"), Value::Null) => ("", String::new()),
            (Some("Allow"), condition) => ("", key_of(condition, "ForAllValues:StringEquals")),
            (Some("Deny"), condition) => ("not ", key_of(condition, "ForAnyValue:StringEquals")),
            _ => panic!("{statement}"),
        };
        for action in one_or_many(&statement["Action"]) {
            for resource in one_or_many(&statement["Resource"]) {
                allowed.insert((format!("{not}{action}"), format!("{resource}{key}")));
            }
        }
    }
    allowed
}

/// The one partition key that a condition names by that operator, and nothing else.
fn key_of(condition: &Value, operator: &str) -> String {
    assert_eq!(keys(condition), BTreeSet::from([operator]), "{condition}");
    let named = keys(&condition[operator]);
    assert_eq!(named, BTreeSet::from(["dynamodb:LeadingKeys"]), "{condition}");
    let all = one_or_many(&condition[operator]["dynamodb:LeadingKeys"]);
    assert_eq!(all.len(), 1, "{condition}");
    format!(" {}", all[0])
}

fn one_or_many(value: &Value) -> Vec<String> {
    match value.as_str() {
        Some(one) => vec![one.to_owned()],
        None => texts(value).into_iter().map(str::to_owned).collect(),
    }
}

/// What the manifest says, and what the function's trigger and its log need.
fn declared(name: &str, function: &Value) -> BTreeSet<Leave> {
    let mut declared = BTreeSet::new();
    let mut leave = |action: &str, resource: String| {
        declared.insert((action.to_owned(), resource));
    };
    let log =
        format!("arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/lambda/{}:*", full_name(name));
    leave("logs:CreateLogStream", log.clone());
    leave("logs:PutLogEvents", log);
    for (service, actions) in object(&function["tables"]) {
        texts(actions).into_iter().for_each(|action| leave(action, arn_of_table(service)));
    }
    for (service, indexes) in object(&function["indexes"]) {
        for index in texts(indexes) {
            leave("dynamodb:Query", format!("{}/index/{index}", arn_of_table(service)));
        }
    }
    for (items, not) in [("items", ""), ("denied", "not ")] {
        for item in function[items].as_array().into_iter().flatten() {
            let [table, key] = ["table", "key"].map(|name| item[name].as_str().unwrap());
            for action in texts(&item["actions"]) {
                leave(&format!("{not}{action}"), format!("{} {key}", arn_of_table(table)));
            }
        }
    }
    for topic in texts(&function["publishes"]) {
        leave("sns:Publish", arn_of_topic(topic));
        leave("sns:GetTopicAttributes", arn_of_topic(topic));
    }
    for called in function["invokes"].as_array().into_iter().flatten() {
        leave("lambda:InvokeFunction", arn_of_function(called.as_str().unwrap()));
    }
    for (of, queues) in function["letters"].as_object().into_iter().flatten() {
        for action in ["DeleteMessage", "GetQueueAttributes", "ReceiveMessage"] {
            for queue in texts(queues) {
                leave(&format!("sqs:{action}"), arn_of_queue(of, queue));
            }
        }
    }
    if function["trigger"] == "stream" {
        let table = arn_of_table(function["service"].as_str().unwrap());
        for action in ["DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"] {
            leave(&format!("dynamodb:{action}"), format!("{table}/stream/*"));
        }
    }
    if !["route", "queue"].contains(&function["trigger"].as_str().unwrap()) {
        leave("sqs:SendMessage", arn_of_queue(name, "failed"));
    }
    declared
}
