//! That Terraform makes what the manifest says, and nothing else: both are read, the one from its
//! file, the other from Terraform's own state, and compared. Not in here: whether AWS would take it.

mod callers;
mod edge;
mod roles;
mod state;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use state::{Resource, State};

const ACCOUNT: &str = "000000000000";
const REGION: &str = "us-east-1";
const PREFIX: &str = "fintech";

/// The file, as Terraform reads it.
fn manifest() -> Value {
    let text = std::fs::read_to_string(crate::tree_root().join(super::PATH)).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn object(value: &Value) -> &Map<String, Value> {
    value.as_object().unwrap()
}

fn keys(value: &Value) -> BTreeSet<&str> {
    object(value).keys().map(String::as_str).collect()
}

fn texts(value: &Value) -> BTreeSet<&str> {
    value.as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect()
}

/// The functions of a trigger.
fn triggered<'a>(manifest: &'a Value, trigger: &str) -> BTreeMap<&'a str, &'a Value> {
    let functions = object(&manifest["functions"]).iter();
    let found = functions.filter(|(_, function)| function["trigger"] == trigger);
    let found: BTreeMap<_, _> = found.map(|(name, function)| (name.as_str(), function)).collect();
    assert!(!found.is_empty(), "the manifest has no function of trigger {trigger}");
    found
}

fn full_name(function: &str) -> String {
    format!("{PREFIX}-{}", function.replace('_', "-"))
}

fn arn_of_function(function: &str) -> String {
    format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{}", full_name(function))
}

fn arn_of_topic(topic: &str) -> String {
    format!("arn:aws:sns:{REGION}:{ACCOUNT}:{PREFIX}-{}", topic.replace('_', "-"))
}

fn arn_of_table(service: &str) -> String {
    format!("arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{PREFIX}-{service}")
}

fn arn_of_queue(function: &str, what: &str) -> String {
    format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{}-{what}", full_name(function))
}

/// All of one state, so that it is made once.
#[test]
fn terraform_makes_what_the_manifest_says() {
    let Some(state) = state::of_defaults() else { return };
    let manifest = manifest();
    functions_are_those(&manifest, &state);
    routes_are_those(&manifest, &state);
    topics_are_those(&manifest, &state);
    subscriptions_are_those(&manifest, &state);
    relays_and_the_clock_are_those(&manifest, &state);
    tables_are_those(&manifest, &state);
    failures_are_kept_and_told(&manifest, &state);
    callers::are_those(&state);
    edge::is_told_where_it_is_needed(&manifest, &state, None);
    roles::are_those(&manifest, &state);
    roles::queries_by_wallet_name_their_index(&manifest, &state);
}

/// Where tables and people are protected, `destroy` fails; so there is a switch.
#[test]
fn nothing_is_protected_when_that_is_switched_off() {
    // The other switches, so that they are turned once too.
    let edge = edge::asked_for("requests_by_address=700,enforce=true");
    let switched = [
        "deletion_protection=false",
        "customer_keys=true",
        "mfa=OFF",
        "self_signup=true",
        "threat_protection=ENFORCED",
        r#"services={till=["payments"],books=["api","payments"]}"#,
        &edge,
        r#"alarm_emails=["oncall@example.com"]"#,
        r#"web_origins=["https://bank.example"]"#,
        "throttles={request_payment={rate=7,burst=3}}",
    ];
    let Some(state) = state::of_variables("unprotected", &switched) else { return };
    for table in state.all("aws_dynamodb_table") {
        assert_eq!(table.values["deletion_protection_enabled"], false, "{}", table.address);
        let key = &table.values["server_side_encryption"][0]["kms_key_arn"];
        assert!(key.as_str().is_some_and(|arn| arn.starts_with("arn:aws:kms:")), "{key}");
    }
    callers::are_those_switched(&state);
    edge::stands_before_the_gateway(&state);
    edge::is_told_where_it_is_needed(&manifest(), &state, Some(true));
    roles::keys_are_used_by_services_alone(&state);
    let stage = &state.all("aws_apigatewayv2_stage").next().unwrap().values;
    let mut throttles = stage["route_settings"].as_array().unwrap().iter();
    let throttle = throttles.find(|one| one["route_key"] == "POST /v1/payment").unwrap();
    assert_eq!(throttle["throttling_rate_limit"], 7);
    assert_eq!(state.all("aws_kms_key").count(), 1);
    for topic in state.all("aws_sns_topic") {
        assert!(topic.text("kms_master_key_id").starts_with("arn:aws:kms:"), "{}", topic.address);
    }
}

/// Until the name points at it, callers come by the gateway's own address.
#[test]
fn an_edge_cuts_nobody_off_until_it_is_enforced() {
    let edge = edge::asked_for("");
    let Some(state) = state::of_variables("edge", &[&edge]) else { return };
    edge::is_told_where_it_is_needed(&manifest(), &state, Some(false));
    let gateway = state.all("aws_apigatewayv2_api").next().unwrap().text("api_endpoint");
    assert_eq!(state.output("api_url"), gateway);
    assert!(state.output("edge_target").ends_with(".cloudfront.net"));
}

#[test]
fn code_that_is_not_there_is_told_with_what_makes_it() {
    let Some(said) = state::without_artifact() else { return };
    assert!(said.contains("no/such/bootstrap.zip") && said.contains("make lambda"), "{said}");
}

fn functions_are_those(manifest: &Value, state: &State) {
    let made = state.by("aws_lambda_function", "handler");
    assert_eq!(made.keys().copied().collect::<BTreeSet<_>>(), keys(&manifest["functions"]));
    for (name, function) in made {
        let declared = &manifest["functions"][name];
        let values = &function.values;
        assert_eq!(values["function_name"], json!(full_name(name)));
        assert_eq!(values["runtime"], "provided.al2023");
        assert_eq!(values["architectures"], json!(["arm64"]));
        assert_eq!(values["reserved_concurrent_executions"], -1, "{name}");
        let told = &values["environment"][0]["variables"];
        assert_eq!(told["TABLE_PREFIX"], PREFIX);
        for topic in texts(&manifest["topics"]) {
            let publishes = texts(&declared["publishes"]).contains(topic);
            let arn = if publishes { Value::from(arn_of_topic(topic)) } else { Value::Null };
            assert_eq!(told[format!("TOPIC_{}", topic.to_uppercase())], arn, "{name}");
        }
    }
    // A setting is told to the function that goes by it.
    for (name, setting) in [
        ("request_payment", "HOLD_DAYS"),
        ("credit_wallet", "SELF_FUNDING"),
        ("apply_for_loan", "LOAN_RATES"),
    ] {
        let values = &state.by("aws_lambda_function", "handler")[name].values;
        let told = &values["environment"][0]["variables"][setting];
        assert!(told.is_string(), "{name} is not told {setting}");
    }
}

fn routes_are_those(manifest: &Value, state: &State) {
    let declared = triggered(manifest, "route");
    let mut made = state.by("aws_apigatewayv2_route", "route_key");
    let integrations = state.by("aws_apigatewayv2_integration", "integration_uri");
    let permissions: BTreeSet<_> =
        state.all("aws_lambda_permission").map(|one| one.text("source_arn")).collect();
    let api = state.all("aws_apigatewayv2_api").next().unwrap();
    let stage = &state.all("aws_apigatewayv2_stage").next().unwrap().values;
    let throttled: BTreeSet<_> = stage["route_settings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|settings| settings["throttling_rate_limit"].as_u64() > Some(0))
        .map(|settings| settings["route_key"].as_str().unwrap())
        .collect();
    assert!(stage["access_log_settings"][0]["destination_arn"].is_string());
    for (name, function) in declared {
        let (method, path) = (&function["route"]["method"], &function["route"]["path"]);
        let (method, path) = (method.as_str().unwrap(), path.as_str().unwrap());
        let key = format!("{method} {path}");
        let route = made.remove(key.as_str()).unwrap_or_else(|| panic!("{key} is not made"));
        let scopes = texts(&function["route"]["scopes"]);
        assert!(!scopes.is_empty(), "{key} has no scope");
        assert_eq!(texts(&route.values["authorization_scopes"]), scopes, "{key}");
        assert_eq!(route.values["authorization_type"], "JWT", "{key}");
        let uri = format!(
            "arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{}/invocations",
            arn_of_function(name)
        );
        let integration = integrations[uri.as_str()];
        assert_eq!(route.text("target"), format!("integrations/{}", integration.text("id")));
        assert_eq!(integration.values["payload_format_version"], "2.0");
        assert!(throttled.contains(key.as_str()), "{key} has no throttle");
        let parts = path.split('/').map(|part| if part.starts_with('{') { "*" } else { part });
        let path = parts.collect::<Vec<_>>().join("/");
        let source = format!("{}/*/{method}{path}", api.text("execution_arn"));
        assert!(permissions.contains(source.as_str()), "{source} may not call");
    }
    assert!(made.is_empty(), "no function has {:?}", made.keys());
}

/// One more carries alarms.
fn topics_are_those(manifest: &Value, state: &State) {
    let mut made = state.by("aws_sns_topic", "arn");
    for topic in texts(&manifest["topics"]) {
        let topic = made.remove(arn_of_topic(topic).as_str()).unwrap();
        assert_eq!(topic.values["kms_master_key_id"], "alias/aws/sns", "{}", topic.address);
    }
    assert_eq!(made.into_keys().collect::<Vec<_>>(), [arn_of_topic("alarms")]);
}

fn subscriptions_are_those(manifest: &Value, state: &State) {
    let declared = triggered(manifest, "subscription");
    let mut made = state.by("aws_sns_topic_subscription", "endpoint");
    for (name, function) in declared {
        let endpoint = arn_of_function(name);
        let subscription = made.remove(endpoint.as_str()).unwrap();
        let topic = function["subscription"]["topic"].as_str().unwrap();
        assert_eq!(subscription.text("topic_arn"), arn_of_topic(topic), "{name}");
        assert_eq!(subscription.values["protocol"], "lambda");
        assert_eq!(subscription.values["filter_policy_scope"], "MessageAttributes");
        let policy = subscription.json("filter_policy");
        assert_eq!(policy, function["subscription"]["filter_policy"], "{name}");
        assert_eq!(keys(&policy), BTreeSet::from(["event_type"]), "{name}");
        let undelivered = json!({ "deadLetterTargetArn": arn_of_queue(name, "undelivered") });
        assert_eq!(subscription.json("redrive_policy"), undelivered, "{name}");
    }
    assert!(made.is_empty(), "no function has {:?}", made.keys());
}

fn relays_and_the_clock_are_those(manifest: &Value, state: &State) {
    let mut mappings = state.by("aws_lambda_event_source_mapping", "event_source_arn");
    for (name, function) in triggered(manifest, "stream") {
        let is_its = |mapping: &Resource| mapping.text("function_name") == arn_of_function(name);
        let mut own = mappings.extract_if(.., |_, mapping| is_its(mapping));
        let (_, mapping) = own.next().unwrap();
        assert_eq!(own.count(), 0, "{name} reads more than its stream");
        let table = arn_of_table(function["service"].as_str().unwrap());
        let stream = mapping.text("event_source_arn");
        assert!(stream.starts_with(&format!("{table}/stream/")), "{name} reads {stream}");
        let values = &mapping.values;
        assert_eq!(values["function_response_types"], json!(["ReportBatchItemFailures"]));
        assert_eq!(values["bisect_batch_on_function_error"], true);
        let on_failure = &values["destination_config"][0]["on_failure"][0]["destination_arn"];
        assert_eq!(*on_failure, json!(arn_of_queue(name, "failed")));
        let filter = values["filter_criteria"][0]["filter"][0]["pattern"].as_str().unwrap();
        let filter: Value = serde_json::from_str(filter).unwrap();
        let says = json!({ "dynamodb": { "NewImage": { "says": { "S": [{ "exists": true }] } } } });
        assert_eq!(filter, says, "{name}");
    }
    let (keeper, function) = triggered(manifest, "queue").pop_first().unwrap();
    for (of, queues) in object(&function["letters"]) {
        for queue in texts(queues) {
            let mapping = mappings.remove(arn_of_queue(of, queue).as_str()).unwrap();
            assert_eq!(mapping.text("function_name"), arn_of_function(keeper), "{of}");
            let partly = json!(["ReportBatchItemFailures"]);
            assert_eq!(mapping.values["function_response_types"], partly, "{of}");
        }
    }
    assert!(mappings.is_empty(), "no function has {:?}", mappings.keys());
    let mut schedules = state.by("aws_scheduler_schedule", "name");
    for (name, function) in triggered(manifest, "schedule") {
        let schedule = schedules.remove(full_name(name).as_str()).unwrap();
        assert_eq!(schedule.values["schedule_expression"], function["schedule"], "{name}");
        assert_eq!(schedule.values["group_name"], PREFIX, "{name}");
        let target = &schedule.values["target"][0];
        assert_eq!(target["arn"], json!(arn_of_function(name)));
        let input: Value = serde_json::from_str(target["input"].as_str().unwrap()).unwrap();
        assert_eq!(input, json!({ "schedule": name, "at": "<aws.scheduler.scheduled-time>" }));
    }
    assert!(schedules.is_empty(), "no function has {:?}", schedules.keys());
}

fn tables_are_those(manifest: &Value, state: &State) {
    let mut made = state.by("aws_dynamodb_table", "name");
    for (service, declared) in object(&manifest["tables"]) {
        let table = made.remove(format!("{PREFIX}-{service}").as_str()).unwrap();
        let values = &table.values;
        assert_eq!(values["hash_key"], declared["partition"], "{service}");
        assert_eq!(values["range_key"], declared["sort"], "{service}");
        let attributes = values["attribute"].as_array().unwrap().iter();
        let attributes: Map<_, _> = attributes
            .map(|one| (one["name"].as_str().unwrap().to_owned(), one["type"].clone()))
            .collect();
        assert_eq!(Value::Object(attributes), declared["attributes"], "{service}");
        assert_eq!(global_indexes(table), declared["indexes"], "{service}");
        let local = values["local_secondary_index"].as_array().unwrap().iter();
        let local: Map<_, _> = local
            .map(|index| {
                let keys =
                    json!({ "sort": index["range_key"], "projection": index["projection_type"] });
                (index["name"].as_str().unwrap().to_owned(), keys)
            })
            .collect();
        assert_eq!(Value::Object(local), declared["local_indexes"], "{service}");
        assert_eq!(values["stream_enabled"], declared["stream"], "{service}");
        if declared["stream"] == true {
            assert_eq!(values["stream_view_type"], "NEW_IMAGE", "{service}");
        }
        assert_eq!(values["deletion_protection_enabled"], true, "{service}");
        assert_eq!(values["point_in_time_recovery"][0]["enabled"], true, "{service}");
        assert_eq!(values["billing_mode"], "PAY_PER_REQUEST", "{service}");
    }
    assert!(made.is_empty(), "no service has {:?}", made.keys());
}

fn global_indexes(table: &Resource) -> Value {
    let indexes = table.values["global_secondary_index"].as_array().unwrap().iter();
    let indexes = indexes.map(|index| {
        let key = |sort: &str| {
            let keys = index["key_schema"].as_array().unwrap().iter();
            let mut of_sort = keys.filter(|key| key["key_type"] == sort);
            of_sort.next().unwrap()["attribute_name"].clone()
        };
        let keys = json!({
            "partition": key("HASH"),
            "sort": key("RANGE"),
            "projection": index["projection_type"],
        });
        (index["name"].as_str().unwrap().to_owned(), keys)
    });
    Value::Object(indexes.collect())
}

/// Each queue has an alarm; whoever is called later has a destination for what he could not do.
fn failures_are_kept_and_told(manifest: &Value, state: &State) {
    let count = u64::try_from(state.all("aws_cloudwatch_metric_alarm").count()).unwrap();
    assert_eq!(count, crate::costs::alarms(), "what the table of costs counts");
    let alarms: BTreeSet<_> = state
        .all("aws_cloudwatch_metric_alarm")
        .map(|alarm| {
            let dimensions = alarm.values["dimensions"].as_object().into_iter();
            let of = dimensions.flat_map(Map::values).filter_map(Value::as_str);
            let of = of.collect::<Vec<_>>().join(" ");
            let of = if of.is_empty() { alarm.text("namespace") } else { &of };
            format!("{} {of}", alarm.text("metric_name"))
        })
        .collect();
    let told = |metric: &str, of: &str| {
        assert!(alarms.contains(&format!("{metric} {of}")), "no alarm on {metric} of {of}");
    };
    let queues = state.by("aws_sqs_queue", "arn");
    for queue in queues.values() {
        assert_eq!(queue.values["sqs_managed_sse_enabled"], true, "{}", queue.address);
        assert_eq!(queue.values["visibility_timeout_seconds"], 180, "{}", queue.address);
        told("ApproximateAgeOfOldestMessage", queue.text("name"));
    }
    // What functions count themselves, each deployment under a name of its own.
    for metric in ["DeadLetters", "LedgerViolations"] {
        told(metric, &format!("Fintech/{PREFIX}"));
    }
    for dashboard in state.all("aws_cloudwatch_dashboard") {
        let charts = dashboard.text("dashboard_body");
        assert!(charts.contains("Fintech/fintech") && !charts.contains("\"Fintech\""), "{charts}");
    }
    told("InvocationsFailedToBeSentToDeadLetterCount", PREFIX);
    for topic in texts(&manifest["topics"]) {
        let name = format!("{PREFIX}-{}", topic.replace('_', "-"));
        told("NumberOfNotificationsFailedToRedriveToDlq", &name);
    }
    let later = state.by("aws_lambda_function_event_invoke_config", "function_name");
    for (name, function) in object(&manifest["functions"]) {
        let failed = arn_of_queue(name, "failed");
        let has_queue = queues.contains_key(failed.as_str());
        match function["trigger"].as_str().unwrap() {
            "route" => assert!(!has_queue, "{name} answers at once"),
            "queue" => assert!(!has_queue, "what {name} cannot do stays where it was"),
            trigger @ ("stream" | "subscription" | "schedule") => {
                let config = &later[full_name(name).as_str()].values["destination_config"][0];
                assert_eq!(config["on_failure"][0]["destination"], json!(failed), "{name}");
                assert!(has_queue, "{name}");
                told("AsyncEventsDropped", &full_name(name));
                told("DestinationDeliveryFailures", &full_name(name));
                if trigger == "stream" {
                    told("IteratorAge", &full_name(name));
                }
            }
            other => panic!("{name} has the trigger {other}"),
        }
    }
}
