//! What stands before the gateway where the deployment is told to have an edge, and who is told its
//! secret. Whether AWS's own rules turn away what they should is not looked at here.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::state::State;
use super::triggered;

/// The edge of a deployment that asks for one, with more of its settings.
pub(super) fn asked_for(more: &str) -> String {
    let id = "0f1e2d3c-0000-4000-8000-000000000000";
    let certificate = format!("arn:aws:acm:us-east-1:000000000000:certificate/{id}");
    format!(r#"edge={{domain="api.bank.example",certificate_arn="{certificate}",{more}}}"#)
}

/// Those that answer requests, and no others, know what signs cursors; and of the edge, if there is
/// one, its secret, and whether they refuse what came without it.
pub(super) fn is_told_where_it_is_needed(manifest: &Value, state: &State, enforced: Option<bool>) {
    let answering = triggered(manifest, "route");
    let proof = state.all("aws_cloudfront_distribution").next();
    let proof = proof.map(|edge| edge.values["origin"][0]["custom_header"][0]["value"].clone());
    assert_eq!(proof.is_some(), enforced.is_some());
    for function in state.all("aws_lambda_function") {
        let told = &function.values["environment"][0]["variables"];
        let is_asked = answering.contains_key(function.text("handler"));
        let address = &function.address;
        assert_eq!(told["CURSOR_KEY"].is_string(), is_asked, "{address}");
        let proof = proof.clone().filter(|_| is_asked).unwrap_or_default();
        assert_eq!(told["EDGE_SECRET"], proof, "{address}");
        let enforced = enforced.filter(|_| is_asked).map(|enforced| enforced.to_string());
        assert_eq!(told["EDGE_ENFORCED"], json!(enforced), "{address}");
    }
}

/// Requests come by a name of one's own and a firewall, and bring what proves it.
pub(super) fn stands_before_the_gateway(state: &State) {
    let edge = &state.all("aws_cloudfront_distribution").next().unwrap().values;
    let firewall = state.all("aws_wafv2_web_acl").next().unwrap();
    assert_eq!(edge["web_acl_id"], firewall.values["arn"]);
    assert_eq!(firewall.values["region"], "us-east-1");
    let certificate = &edge["viewer_certificate"][0];
    assert_eq!(certificate["minimum_protocol_version"], "TLSv1.2_2021");
    let cache = &edge["default_cache_behavior"][0];
    assert_eq!(cache["viewer_protocol_policy"], "https-only");
    assert!(cache["response_headers_policy_id"].is_string());

    let origin = &edge["origin"][0];
    let gateway = state.all("aws_apigatewayv2_api").next().unwrap().text("api_endpoint");
    assert_eq!(origin["domain_name"], gateway.trim_start_matches("https://"));
    assert_eq!(origin["custom_header"][0]["name"], "x-origin-verify");

    let rules = firewall.values["rule"].as_array().unwrap();
    let names: BTreeSet<_> = rules.iter().map(|rule| rule["name"].as_str().unwrap()).collect();
    let expected = BTreeSet::from([
        "AWSManagedRulesAmazonIpReputationList",
        "AWSManagedRulesCommonRuleSet",
        "AWSManagedRulesKnownBadInputsRuleSet",
        "rate-by-address",
    ]);
    assert_eq!(names, expected);
    let rate = rules.iter().find(|rule| rule["name"] == "rate-by-address").unwrap();
    assert_eq!(rate["statement"][0]["rate_based_statement"][0]["limit"], 700);
    let logged = state.all("aws_wafv2_web_acl_logging_configuration").next().unwrap();
    assert_eq!(logged.values["resource_arn"], firewall.values["arn"]);
    assert_eq!(state.all("aws_cloudwatch_log_delivery").count(), 1);
}
