//! What stands before the gateway where the deployment is told to have an edge. Whether AWS's own rules
//! turn away what they should is not looked at here.

use std::collections::BTreeSet;

use super::state::State;

/// Requests come by a name of one's own and a firewall, and functions can tell.
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
    let proof = &origin["custom_header"][0];
    assert_eq!(proof["name"], "x-origin-verify");
    for function in state.all("aws_lambda_function") {
        let told = &function.values["environment"][0]["variables"]["EDGE_SECRET"];
        assert_eq!(*told, proof["value"], "{}", function.address);
    }

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
