//! Headers that bring no token, or not one, or one that is too large.

use serde_json::json;
use tokens::Refused;

use super::Bad;
use crate::desk::Desk;

pub(super) fn all(desk: &Desk) -> Vec<Bad> {
    let good = desk.forge.token(&desk.claims());
    let other = desk.forge.token(&desk.claiming(json!({ "sub": "ben" })));
    // Good in everything but its size.
    let large = desk.forge.token(&desk.claiming(json!({ "more": "x".repeat(8_192) })));
    let bearer = format!("Bearer {good}");
    let none = [
        vec![bearer.clone(), bearer.clone()],
        vec![bearer.clone(), format!("Bearer {other}")],
        vec![bearer.clone(), String::new()],
        vec!["Basic YTpi".to_owned(), bearer],
        vec![String::new()],
        vec!["Bearer".to_owned()],
        vec!["Bearer ".to_owned()],
        vec!["Bearer    ".to_owned()],
        vec![format!("Bearer\t{good}")],
        vec![format!("Bearer,{good}")],
        vec![format!("Bearer:{good}")],
        vec![format!("Bearer{good}")],
        vec![format!("Bearer: {good}")],
        vec![format!("Bearers {good}")],
        vec![format!(" Bearer {good}")],
        vec![format!("Basic {good}")],
        vec![format!("DPoP {good}")],
        vec![format!("Token {good}")],
        vec![format!("JWT {good}")],
        vec![good.clone()],
        vec![format!("\u{e4} {good}")],
        vec![format!("Bearer {large}")],
        vec![format!("Bearer {}", "a".repeat(100 * 1024))],
        vec![format!("Bearer {}", "a.".repeat(50 * 1024))],
    ];
    let malformed = [
        format!("Bearer \t{good}"),
        format!("Bearer {good}, Bearer {other}"),
        format!("Bearer {good},{other}"),
        format!("Bearer {good} {other}"),
        format!("Bearer {good};"),
        format!("Bearer \"{good}\""),
        format!("Bearer token=\"{good}\""),
        format!("Bearer Bearer {good}"),
        format!("Bearer {good}\t"),
    ];
    let of = |shown: Vec<String>, expected| {
        let what = shown.join(" | ").chars().take(80).collect();
        Bad { what, shown, expected: Some(expected) }
    };
    let none = none.into_iter().map(|shown| of(shown, Refused::NoBearer));
    let malformed = malformed.into_iter().map(|shown| of(vec![shown], Refused::Malformed));
    none.chain(malformed).collect()
}
