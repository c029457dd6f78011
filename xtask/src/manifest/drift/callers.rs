//! Who may call: the pool of people, and the clients of people and of services. Which routes take whose
//! scopes is not looked at here.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::state::State;
use super::texts;

/// People come by the code flow alone, and nobody by himself; services are made as they are named.
pub(super) fn are_those(state: &State) {
    let pool = &state.all("aws_cognito_user_pool").next().unwrap().values;
    assert_eq!(pool["admin_create_user_config"][0]["allow_admin_create_user_only"], true);
    assert_eq!(pool["password_policy"][0]["minimum_length"], 12);
    assert_eq!(pool["mfa_configuration"], "OPTIONAL");
    assert_eq!(pool["software_token_mfa_configuration"][0]["enabled"], true);
    let groups: Vec<_> =
        state.all("aws_cognito_user_group").map(|group| group.text("name")).collect();
    assert_eq!(groups, ["operators"]);
    let clients = state.by("aws_cognito_user_pool_client", "name");
    assert_eq!(clients.keys().copied().collect::<Vec<_>>(), ["people"]);
    let people = &clients["people"].values;
    assert_eq!(people["generate_secret"], false);
    assert_eq!(people["allowed_oauth_flows"], json!(["code"]));
    assert_eq!(texts(&people["allowed_oauth_scopes"]), BTreeSet::from(["fintech/api", "openid"]));
    assert_eq!(people["refresh_token_rotation"][0]["feature"], "ENABLED");
    ends_soon(people);
}

/// The same with protection off, sign-up on, threats looked for, and two services.
pub(super) fn are_those_switched(state: &State) {
    let pool = &state.all("aws_cognito_user_pool").next().unwrap().values;
    assert_eq!(pool["deletion_protection"], "INACTIVE");
    assert_eq!(pool["admin_create_user_config"][0]["allow_admin_create_user_only"], false);
    assert_eq!(pool["user_pool_tier"], "PLUS");
    assert_eq!(pool["user_pool_add_ons"][0]["advanced_security_mode"], "ENFORCED");
    let clients = state.by("aws_cognito_user_pool_client", "name");
    for (name, scopes) in [
        ("till", BTreeSet::from(["fintech/payments"])),
        ("books", BTreeSet::from(["fintech/api", "fintech/payments"])),
    ] {
        let client = &clients[name].values;
        assert_eq!(client["allowed_oauth_flows"], json!(["client_credentials"]), "{name}");
        assert_eq!(texts(&client["allowed_oauth_scopes"]), scopes, "{name}");
        assert_eq!(client["generate_secret"], true, "{name}");
        ends_soon(client);
    }
}

/// Whoever lost a role has lost it when his token ends; nobody is told who there is.
fn ends_soon(client: &Value) {
    assert_eq!(client["access_token_validity"], 15, "{client}");
    assert_eq!(client["token_validity_units"][0]["access_token"], "minutes", "{client}");
    assert_eq!(client["enable_token_revocation"], true, "{client}");
    assert_eq!(client["prevent_user_existence_errors"], "ENABLED", "{client}");
}
