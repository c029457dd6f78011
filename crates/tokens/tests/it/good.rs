//! Tokens that are taken, and whom they name.

use serde_json::{Value, json};
use tokens::forge::{ED25519_KEY, P256_KEY, RSA_KEY};
use tokens::{Algorithm, Family};

use crate::desk::{AUDIENCE, Desk, LEEWAY, NOW};

/// A token with these changes to header and claims names somebody.
#[track_caller]
fn check(family: Family, header: Value, changes: Value, expected: &str) {
    let what = format!("{family} {header} {changes}");
    let desk = Desk::new(family);
    let header = crate::desk::with(json!({ "alg": "RS256", "kid": RSA_KEY }), header);
    let token = desk.forge.signed(&header, &desk.claiming(changes));
    assert_eq!(desk.show(&token), expected, "{what}");
    assert_eq!(desk.show(&token), expected, "once more, {what}");
}

#[test]
fn whom_a_standard_token_names() {
    let standard = |changes, expected: &str| {
        check(Family::Standard, json!({ "typ": "at+jwt" }), changes, expected);
    };
    standard(json!({}), "customer ada");
    standard(json!({ "groups": ["staff"] }), "customer ada");
    standard(json!({ "groups": ["operators"] }), "operator ada");
    standard(json!({ "groups": ["staff", "operators", 1] }), "operator ada");
    standard(json!({ "groups": "operators" }), "customer ada");
    standard(json!({ "groups": ["Operators", "operators ", "not-operators"] }), "customer ada");
    standard(json!({ "roles": ["operators"] }), "customer ada");
    standard(
        json!({ "sub": "shop", "client_id": "shop", "scope": "payments a" }),
        "service shop payments a",
    );
    standard(json!({ "sub": "shop", "client_id": "shop", "scope": null }), "service shop ");
    // A program is none of the operators, whatever its token says.
    standard(
        json!({ "sub": "shop", "client_id": "shop", "groups": ["operators"], "scope": "" }),
        "service shop ",
    );
    standard(json!({ "client_id": null }), "customer ada");
    standard(json!({ "sub": "auth0|1" }), "customer auth0|1");
    standard(json!({ "aud": ["other", AUDIENCE] }), "customer ada");
    standard(json!({ "aud": "second" }), "customer ada");
    check(Family::Standard, json!({ "typ": "application/at+jwt" }), json!({}), "customer ada");
    check(Family::Standard, json!({ "typ": "AT+JWT" }), json!({}), "customer ada");
    let more = json!({ "typ": "at+jwt", "x5t": "abc", "iat": 1 });
    check(Family::Standard, more, json!({}), "customer ada");
}

#[test]
fn the_clock_may_differ_a_little() {
    let at = |changes, expected: &str| {
        check(Family::Standard, json!({ "typ": "at+jwt" }), changes, expected);
    };
    at(json!({ "exp": NOW - LEEWAY + 1, "iat": NOW - 60 }), "customer ada");
    at(json!({ "nbf": NOW + LEEWAY }), "customer ada");
    at(json!({ "nbf": 0 }), "customer ada");
    at(json!({ "iat": NOW + LEEWAY }), "customer ada");
    at(json!({ "exp": 253_402_300_799_i64 }), "customer ada");
}

#[test]
fn whom_a_token_of_cognito_names() {
    let cognito = |changes, expected: &str| {
        let own = json!({ "aud": null, "token_use": "access", "client_id": "second", "username": "ann",
            "cognito:groups": ["operators"], "scope": "openid fintech/api fintech/payments" });
        check(Family::Cognito, json!({}), crate::desk::with(own, changes), expected);
    };
    cognito(json!({}), "operator ada");
    cognito(json!({ "cognito:groups": ["staff"] }), "customer ada");
    cognito(json!({ "cognito:groups": [] }), "customer ada");
    let service = json!({ "sub": "second", "username": "" });
    cognito(service, "operator second");
}

#[test]
fn a_client_of_cognito_is_a_service() {
    let own = json!({ "aud": null, "token_use": "access", "client_id": "second", "sub": "second",
        "scope": "fintech/payments other/reports payments" });
    check(Family::Cognito, json!({}), own, "service second payments");
}

#[test]
fn whom_a_token_of_keycloak_names() {
    let keycloak = |changes, expected: &str| {
        let own = json!({ "typ": "Bearer", "azp": "Web", "client_id": null, "nonce": "before-25",
            "realm_access": { "roles": ["operators"] }, "preferred_username": "ann" });
        check(Family::Keycloak, json!({ "typ": "JWT" }), crate::desk::with(own, changes), expected);
    };
    keycloak(json!({}), "operator ada");
    keycloak(json!({ "realm_access": { "roles": ["staff"] } }), "customer ada");
    keycloak(json!({ "realm_access": ["operators"] }), "customer ada");
    let service = json!({ "preferred_username": "service-account-web", "client_id": "Web",
        "scope": "email payments" });
    keycloak(service.clone(), "service ada email payments");
    // Somebody who gave himself such a name is a person still.
    keycloak(crate::desk::with(service.clone(), json!({ "client_id": null })), "operator ada");
    keycloak(crate::desk::with(service, json!({ "azp": "other" })), "operator ada");
}

#[test]
fn whom_a_token_of_auth0_names() {
    let own = json!({ "azp": "c1", "client_id": null, "sub": "c1@clients", "scope": "payments" });
    check(Family::Auth0, json!({ "typ": "JWT" }), own, "service c1@clients payments");
    let own = json!({ "client_id": "c1", "sub": "c1@clients", "scope": null });
    check(Family::Auth0, json!({ "typ": "at+jwt" }), own, "service c1@clients ");
    let own =
        json!({ "azp": "c1", "sub": "auth0|7", "https://fintech.example/groups": ["operators"] });
    check(Family::Auth0, json!({ "typ": "JWT" }), own, "operator auth0|7");
    let own = json!({ "azp": "c1", "client_id": null, "sub": "c2@clients" });
    check(Family::Auth0, json!({ "typ": "JWT" }), own, "customer c2@clients");
}

#[test]
fn every_algorithm_that_is_trusted_is_taken() {
    let all = [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa];
    let desk = Desk::of(Family::Standard, &all);
    for (algorithm, kid) in [("RS256", RSA_KEY), ("ES256", P256_KEY), ("EdDSA", ED25519_KEY)] {
        let header = json!({ "alg": algorithm, "kid": kid, "typ": "at+jwt" });
        let token = desk.forge.signed(&header, &desk.claims());
        assert_eq!(desk.show(&token), "customer ada", "{algorithm}");
    }
}

#[test]
fn the_scheme_is_written_in_any_case() {
    let desk = Desk::new(Family::Standard);
    let token = desk.forge.token(&desk.claims());
    for scheme in ["Bearer ", "bearer ", "BEARER ", "Bearer   "] {
        assert_eq!(desk.show_headers(&[&format!("{scheme}{token}")]), "customer ada", "{scheme}");
    }
    assert_eq!(desk.show_headers(&[]), "nobody");
}
