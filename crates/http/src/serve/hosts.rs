//! Which names the program answers to. On loopback, a page of another site must not reach it by a
//! name that leads here, nor send requests from a browser that is here.
//! Not in here: who calls.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::Request;
use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};

use crate::problem::{Problem, ProblemKind};

/// The names that are answered to.
#[derive(Debug, Clone)]
pub enum Hosts {
    /// Any name: something in front checks it.
    Any,
    /// These alone, in lower case and without a port; and pages of these other sites may ask.
    Only(Arc<[Box<str>]>, Arc<[HeaderValue]>),
}

impl Hosts {
    /// The address on which the program listens, and `localhost`.
    pub fn of_listener(address: SocketAddr) -> Self {
        let ip = match address {
            SocketAddr::V4(address) => address.ip().to_string(),
            SocketAddr::V6(address) => format!("[{}]", address.ip()),
        };
        Self::Only(Arc::from([Box::from("localhost"), ip.into_boxed_str()]), Arc::default())
    }

    /// With the origins of other sites whose pages may ask too.
    #[must_use]
    pub fn and_pages_of(self, origins: &[HeaderValue]) -> Self {
        match self {
            Self::Any => Self::Any,
            Self::Only(names, _) => Self::Only(names, origins.into()),
        }
    }

    /// Whether the request came to one of the names, and not from a page of another site.
    pub(super) fn check(&self, request: &Request) -> Result<(), Problem> {
        let Self::Only(names, origins) = self else { return Ok(()) };
        let mut hosts = request.headers().get_all(HOST).iter();
        let host = match (hosts.next(), hosts.next()) {
            (Some(host), None) => host.to_str().unwrap_or_default(),
            _ => return Err(Problem::bad_field("Host", "must be there once")),
        };
        let authority = request.uri().authority().map(|authority| authority.as_str());
        if !is_one(names, host) || authority.is_some_and(|authority| !is_one(names, authority)) {
            let detail = "Use the address on which the program listens, or `localhost`.";
            return Err(Problem::new(ProblemKind::Misdirected, detail));
        }
        let reads = matches!(*request.method(), Method::GET | Method::HEAD);
        if !reads && is_from_elsewhere(names, origins, request.headers()) {
            return Err(Problem::forbidden(
                "A page of another site may not change anything here; use a page that this program \
                 serves, or a program that is no browser and sends no `Origin`.",
            ));
        }
        Ok(())
    }
}

fn is_from_elsewhere(names: &[Box<str>], origins: &[HeaderValue], headers: &HeaderMap) -> bool {
    const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
    if headers.get(ORIGIN).is_some_and(|origin| origins.contains(origin)) {
        return false;
    }
    let is_foreign_origin = headers.get(ORIGIN).is_some_and(|origin| {
        let host = origin.to_str().ok().and_then(|origin| origin.split_once("://"));
        !host.is_some_and(|(_, host)| is_one(names, host))
    });
    is_foreign_origin || headers.get(FETCH_SITE).is_some_and(|site| site == "cross-site")
}

/// Whether `host`, with or without a port, is one of the names.
fn is_one(names: &[Box<str>], host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}
