//! Which names the program answers to, and which pages. On loopback, a page of another site must not
//! reach it by a name that leads here; nowhere may it change something from a browser that is let in.
//! Not in here: who calls.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::Request;
use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderName, HeaderValue, Method};

use crate::problem::{Problem, ProblemKind};

/// The names that are answered to.
#[derive(Debug, Clone)]
pub enum Hosts {
    /// Any name, asked from any page: nobody is known by a cookie here.
    Any,
    /// Any name: something in front checks it. Pages of these other sites may ask.
    AnyName(Arc<[HeaderValue]>),
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
            Self::AnyName(_) => Self::AnyName(origins.into()),
            Self::Only(names, _) => Self::Only(names, origins.into()),
        }
    }

    /// Whether the request came to one of the names, and not from a page of another site.
    pub(super) fn check(&self, request: &Request) -> Result<(), Problem> {
        let origins = match self {
            Self::Any => return Ok(()),
            Self::AnyName(origins) => origins,
            Self::Only(names, origins) => {
                is_named(names, request)?;
                origins
            }
        };
        let reads = matches!(*request.method(), Method::GET | Method::HEAD);
        if !reads && is_from_elsewhere(origins, request) {
            return Err(Problem::forbidden(
                "A page of another site may not change anything here; use a page that this program \
                 serves, or a program that is no browser and sends no `Origin`.",
            ));
        }
        Ok(())
    }
}

fn is_named(names: &[Box<str>], request: &Request) -> Result<(), Problem> {
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
    Ok(())
}

/// Whether a browser sends it for a page of another origin. Browsers say so by `Sec-Fetch-Site`; old
/// ones say only from where the page is.
fn is_from_elsewhere(origins: &[HeaderValue], request: &Request) -> bool {
    const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
    let headers = request.headers();
    let said = || headers.get_all(ORIGIN).iter();
    if said().next().is_some() && said().all(|origin| origins.contains(origin)) {
        return false;
    }
    match headers.get(FETCH_SITE) {
        Some(site) => site != "same-origin" && site != "none",
        None => said().any(|origin| !is_own(origin, request)),
    }
}

/// Whether the origin is the name that was called.
fn is_own(origin: &HeaderValue, request: &Request) -> bool {
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    let called = request.uri().authority().map(|authority| authority.as_str()).or(host);
    let origin = origin.to_str().ok().and_then(|origin| origin.split_once("://"));
    origin.zip(called).is_some_and(|((_, origin), called)| origin.eq_ignore_ascii_case(called))
}

/// Whether `host`, with or without a port, is one of the names.
fn is_one(names: &[Box<str>], host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}
