//! Tokens that must prove nobody: over two hundred, each with the reason for which it is refused, so
//! that none is refused by accident for another. Each group changes one thing of a token that is good.

mod bearers;
mod claims;
mod forms;
mod headers;
mod signatures;

use std::collections::HashSet;

use proptest::prelude::{ProptestConfig, any, prop_assert, proptest};
use serde_json::Value;
use tokens::forge::RSA_KEY;
use tokens::{Algorithm, Family, Refused};

use crate::desk::Desk;

/// What is shown: values of `Authorization`.
pub(crate) struct Bad {
    what: String,
    shown: Vec<String>,
    /// None where it depends on which bit was flipped.
    expected: Option<Refused>,
}

impl Bad {
    fn token(what: impl Into<String>, token: impl AsRef<str>, expected: Refused) -> Self {
        let shown = vec![format!("Bearer {}", token.as_ref())];
        Self { what: what.into(), shown, expected: Some(expected) }
    }
}

/// The header of a good token, with these changes.
fn header(changes: Value) -> Value {
    let header = serde_json::json!({ "alg": "RS256", "typ": "at+jwt", "kid": RSA_KEY });
    crate::desk::with(header, changes)
}

/// Shows them all; none is taken, neither at first nor again.
fn check(desk: &Desk, all: &[Bad]) {
    let good = desk.forge.token(&desk.claims());
    for bad in all {
        let shown: Vec<_> = bad.shown.iter().map(String::as_str).collect();
        for _ in 0..2 {
            let told = desk.show_headers(&shown);
            assert!(told.starts_with("401 "), "{} is taken: {told}", bad.what);
            if let Some(expected) = bad.expected {
                assert_eq!(told, format!("401 {expected}"), "{}", bad.what);
            }
        }
        assert_ne!(shown, [&*format!("Bearer {good}")], "{} is good", bad.what);
    }
}

#[test]
fn none_is_taken() {
    let desk = Desk::new(Family::Standard);
    let good = desk.forge.token(&desk.claims());
    let all = [
        headers::all(&desk),
        signatures::all(&desk),
        forms::all(&desk),
        claims::all(&desk),
        bearers::all(&desk),
    ]
    .concat_all();
    check(&desk, &all);
    let distinct: HashSet<_> = all.iter().map(|bad| &bad.shown).collect();
    assert_eq!(distinct.len(), all.len(), "one of them is there twice");
    assert!(distinct.len() >= 200, "only {}", distinct.len());
    // What was refused has not spoilt what is good.
    assert_eq!(desk.show(&good), "customer ada");
}

#[test]
fn what_other_families_refuse() {
    for family in [Family::Cognito, Family::Keycloak, Family::Auth0] {
        let desk = Desk::new(family);
        for bad in claims::of_family(&desk, family) {
            let told = desk.show_headers(&[&bad.shown[0]]);
            assert_eq!(told, format!("401 {}", bad.expected.unwrap()), "{family}: {}", bad.what);
        }
    }
}

/// Where several algorithms are trusted, a key has one still.
#[test]
fn a_key_is_of_one_algorithm() {
    let desk = Desk::of(Family::Standard, &[Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa]);
    for bad in signatures::of_curves(&desk) {
        let told = desk.show_headers(&[&bad.shown[0]]);
        assert_eq!(told, format!("401 {}", bad.expected.unwrap()), "{}", bad.what);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is sent, nobody is named, and nothing breaks.
    #[test]
    fn any_text_names_nobody(token in "[ -~]{0,200}", header in "[{}\\[\\]\",:a-z0-9]{0,60}") {
        let desk = Desk::new(Family::Standard);
        let parts = desk.forge.signed_text(&header, &token);
        for token in [token, parts] {
            let told = desk.show(&token);
            prop_assert!(told.starts_with("401 "), "{token}: {told}");
        }
    }

    /// A good token of which one character is another.
    #[test]
    fn a_character_that_is_another_is_seen(place in any::<usize>(), letter in "[A-Za-z0-9_.-]") {
        let desk = Desk::new(Family::Standard);
        let good = desk.forge.token(&desk.claims());
        let place = place % good.len();
        let mut bent = good.clone();
        bent.replace_range(place..=place, &letter);
        let told = desk.show(&bent);
        prop_assert!(bent == good || told.starts_with("401 "), "{bent}: {told}");
    }
}

trait ConcatAll {
    fn concat_all(self) -> Vec<Bad>;
}

impl<const N: usize> ConcatAll for [Vec<Bad>; N] {
    fn concat_all(self) -> Vec<Bad> {
        self.into_iter().flatten().collect()
    }
}
