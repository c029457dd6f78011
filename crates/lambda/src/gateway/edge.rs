//! The edge before the gateway, CloudFront with a firewall: whether a request came by it, which a secret
//! proves, and from whom it has the request then. Not in here: what the edge turns away itself.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, Request};
use http_api::{ClientAddress, Problem, ProblemKind};

/// The header by which the edge proves itself.
const PROOF: HeaderName = HeaderName::from_static("x-origin-verify");

/// Where each on the way writes from whom it has a request: the newest address last.
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// An edge, as functions know it.
#[derive(Clone)]
pub struct Edge {
    /// What it adds to every request, and nobody else knows.
    pub secret: String,
    /// Whether what came without that is refused.
    pub is_enforced: bool,
}

/// Lets a request in. What came by the edge is from where that has it; anything else is from where the
/// gateway says, whatever is written in it.
///
/// # Errors
/// When only what came by the edge is let in, and this did not.
pub(super) fn admit(edge: Option<&Edge>, request: &mut Request<Body>) -> Result<(), Problem> {
    let proof = request.headers_mut().remove(PROOF);
    let Some(edge) = edge else { return Ok(()) };
    if proof.is_some_and(|proof| is_same(proof.as_bytes(), edge.secret.as_bytes())) {
        let gateway_saw = request.extensions().get().copied();
        if let Some(address) = caller(gateway_saw, request.headers()) {
            request.extensions_mut().insert(address);
        }
        return Ok(());
    }
    if edge.is_enforced {
        let detail =
            "Call the API by its own name: the gateway's address behind it answers to nobody else.";
        return Err(Problem::new(ProblemKind::Misdirected, detail));
    }
    Ok(())
}

/// The address that the edge wrote last. After it stands the edge's own, which the gateway saw and wrote;
/// before it the caller may have written anything.
fn caller(gateway_saw: Option<ClientAddress>, headers: &HeaderMap) -> Option<ClientAddress> {
    let written = headers.get(FORWARDED_FOR)?.to_str().ok()?;
    let mut addresses = written.rsplit(',').map(|text| text.trim().parse().ok());
    let mut next = || addresses.next().flatten().map(ClientAddress::new);
    let last = next()?;
    if Some(last) == gateway_saw { next() } else { Some(last) }
}

/// Takes as long wherever they differ.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    let differ = one.iter().zip(other).fold(0, |differ, (one, other)| differ | (one ^ other));
    one.len() == other.len() && differ == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "0f1e";
    const EDGE: &str = "198.51.100.9";

    /// From whom a request is that the edge's address sent, or that it is refused.
    #[track_caller]
    fn check(is_enforced: bool, proof: &str, written: &str, expected: &str) {
        let edge = Edge { secret: SECRET.to_owned(), is_enforced };
        let mut request = Request::new(Body::empty());
        request.headers_mut().insert(PROOF, proof.parse().unwrap());
        request.headers_mut().insert(FORWARDED_FOR, written.parse().unwrap());
        request.extensions_mut().insert(ClientAddress::new(EDGE.parse().unwrap()));
        let found = match admit(Some(&edge), &mut request) {
            Ok(()) => request.extensions().get::<ClientAddress>().unwrap().to_string(),
            Err(problem) => problem.kind().slug().to_owned(),
        };
        assert_eq!(found, expected, "{proof} {written}");
        assert!(!request.headers().contains_key(PROOF), "it goes no further");
    }

    #[test]
    fn a_request_by_the_edge_is_from_whom_that_has_it() {
        for is_enforced in [false, true] {
            check(is_enforced, SECRET, "203.0.113.7, 198.51.100.9", "203.0.113.7");
            check(is_enforced, SECRET, "2001:db8::7,198.51.100.9", "2001:db8::7");
            // A gateway that wrote nothing of its own.
            check(is_enforced, SECRET, "203.0.113.7", "203.0.113.7");
            // What the caller wrote himself stands before.
            check(is_enforced, SECRET, "192.0.2.66, 203.0.113.7, 198.51.100.9", "203.0.113.7");
            check(is_enforced, SECRET, "192.0.2.66, 203.0.113.7", "203.0.113.7");
            // Nothing that can be read: who connected is all that is known.
            check(is_enforced, SECRET, "192.0.2.66, unknown, 198.51.100.9", EDGE);
            check(is_enforced, SECRET, "192.0.2.66, unknown", EDGE);
            check(is_enforced, SECRET, "", EDGE);
        }
    }

    #[test]
    fn without_its_secret_nothing_is_believed_and_where_it_is_enforced_nothing_answered() {
        for proof in ["", "0f1", "0f1f", "0f1e0"] {
            check(false, proof, "203.0.113.7, 198.51.100.9", EDGE);
            check(true, proof, "203.0.113.7, 198.51.100.9", "misdirected");
        }
    }
}
