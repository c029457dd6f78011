//! By what way the program is reached: over TLS of its own, or through proxies that do it; and for
//! pages of which other sites. Not in here: who is let in.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, Method};
use clap::Args;
use http_api::Hosts;
use ipnet::IpNet;
use tower_http::cors::CorsLayer;

use super::certificate::Certificate;
use super::connection::Way;
use super::proxies::{self, Proxies};
use super::room::Bounds;
use crate::client;
use crate::end::Failure;
use crate::this_machine::is_this_machine;

/// For how long a browser may remember what it was told about other sites.
const CORS_AGE: Duration = Duration::from_secs(600);

/// By what way the program is reached.
#[derive(Debug, Args)]
pub(super) struct WayOptions {
    /// Do TLS with this certificate: a PEM file, with those that lead to its authority after it
    #[arg(long, value_name = "FILE", env = "FINTECH_TLS_CERT", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The certificate's key: a PEM file that nobody else may read. Both are read again when they change
    #[arg(long, value_name = "FILE", env = "FINTECH_TLS_KEY", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Take connections from proxies at these addresses alone, which do TLS; the last address in
    /// X-Forwarded-For is who calls
    #[arg(long, value_name = "NETWORK,…", env = "FINTECH_BEHIND_PROXY", value_delimiter = ',')]
    #[arg(value_parser = proxies::network)]
    behind_proxy: Vec<IpNet>,
    /// Let pages of these sites ask, such as https://app.example; none unless they are named
    #[arg(long, value_name = "ORIGIN,…", env = "FINTECH_CORS_ORIGIN", value_delimiter = ',')]
    #[arg(value_parser = origin)]
    cors_origin: Vec<HeaderValue>,
}

impl WayOptions {
    /// Whether an address may be listened on, by who could read along.
    ///
    /// # Errors
    /// When tokens would come in the clear from other machines.
    pub(super) fn check(&self, address: SocketAddr) -> Result<(), Failure> {
        if is_this_machine(address.ip()) || self.is_private() {
            return Ok(());
        }
        Err(Failure::wrong_use(format!(
            "{address} can be reached from other machines, and tokens would come to it unencrypted. Say \
             --tls-cert and --tls-key; or --behind-proxy with the address of the proxy that does TLS; or \
             listen on 127.0.0.1"
        )))
    }

    /// Whether the program itself does TLS.
    pub(super) fn does_tls(&self) -> bool {
        self.tls_cert.is_some()
    }

    /// How a command says that it means the server at this address; nothing where that is the usual one.
    /// What a proxy is called is not known here, nor by whom a certificate is believed.
    pub(super) fn at(&self, address: SocketAddr) -> String {
        if !self.behind_proxy.is_empty() {
            return " --server https://…".to_owned();
        }
        if !self.does_tls() {
            return client::at(&format!("http://{address}"));
        }
        let host = if address.ip().is_unspecified() {
            format!("HOST:{}", address.port())
        } else {
            address.to_string()
        };
        format!("{} [--ca FILE]", client::at(&format!("https://{host}")))
    }

    /// Whether only this machine reaches an address that is listened on.
    pub(super) fn stays_here(&self, address: SocketAddr) -> bool {
        is_this_machine(address.ip()) && self.behind_proxy.is_empty()
    }

    /// Whether requests come by TLS, also where a proxy does it.
    pub(super) fn is_private(&self) -> bool {
        self.does_tls() || !self.behind_proxy.is_empty()
    }

    /// Whether browsers are told to come by TLS alone, which they then remember of the name by which
    /// they came. On this machine the name is everybody's, so they are not told; a proxy's name is not.
    fn is_strict(&self, address: SocketAddr) -> bool {
        self.is_private() && !self.stays_here(address)
    }

    /// The certificate, if there is one.
    ///
    /// # Errors
    /// When it cannot be used.
    pub(super) fn certificate(&self) -> Result<Option<Arc<Certificate>>, Failure> {
        match (&self.tls_cert, &self.tls_key) {
            (Some(certificate), Some(key)) => Certificate::read(certificate, key).map(Some),
            _ => Ok(None),
        }
    }

    /// How connections to an address are served.
    ///
    /// # Errors
    /// When there can be no TLS.
    pub(super) fn of(
        &self,
        address: SocketAddr,
        certificate: Option<&Arc<Certificate>>,
    ) -> Result<Way, Failure> {
        let tls = certificate.map(Certificate::tls).transpose()?;
        let bounds = Bounds::of_this_machine(&self.behind_proxy);
        Ok(Way::new(tls, Proxies::new(&self.behind_proxy), self.is_strict(address), &bounds))
    }

    /// The names that are answered to: of a proxy's callers it knows them.
    pub(super) fn hosts(&self, address: SocketAddr) -> Hosts {
        let stays_here = self.stays_here(address);
        let hosts =
            if stays_here { Hosts::of_listener(address) } else { Hosts::AnyName(Arc::default()) };
        hosts.and_pages_of(&self.cors_origin)
    }

    /// What browsers are told about pages of other sites. Tokens are sent by them, cookies never.
    pub(super) fn cors(&self) -> Option<CorsLayer> {
        let headers = |names: &[&'static str]| -> Vec<_> {
            names.iter().map(|name| HeaderName::from_static(name)).collect()
        };
        (!self.cors_origin.is_empty()).then(|| {
            CorsLayer::new()
                .allow_origin(self.cors_origin.clone())
                .allow_methods([Method::GET, Method::POST, Method::DELETE])
                .allow_headers(headers(&ASKED_WITH))
                .expose_headers(headers(&EXPOSED))
                .max_age(CORS_AGE)
        })
    }
}

/// With what a page of another site may ask.
const ASKED_WITH: [&str; 7] = [
    "authorization",
    "content-type",
    "idempotency-key",
    "if-none-match",
    "prefer",
    "traceparent",
    "x-request-id",
];

/// What a page of another site may read of an answer's head.
const EXPOSED: [&str; 5] =
    ["etag", "location", "preference-applied", "retry-after", "x-request-id"];

/// Reads `https://app.example`. A star is none: whose pages may ask must be said.
fn origin(text: &str) -> Result<HeaderValue, String> {
    let wrong = || "write an origin such as https://app.example, without a path".to_owned();
    let (scheme, host) = text.split_once("://").ok_or_else(wrong)?;
    let is_plain =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-:[]".contains(&byte);
    if !matches!(scheme, "http" | "https") || host.is_empty() || !host.bytes().all(is_plain) {
        return Err(wrong());
    }
    HeaderValue::from_str(text).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use clap::FromArgMatches;

    use super::*;

    fn options(options: &[&str]) -> WayOptions {
        let words = std::iter::once("serve").chain(options.iter().copied());
        let matches = WayOptions::augment_args(clap::Command::new("serve"));
        let matches = matches.try_get_matches_from(words).unwrap();
        WayOptions::from_arg_matches(&matches).unwrap()
    }

    const TLS: &[&str] = &["--tls-cert", "a", "--tls-key", "b"];

    #[test]
    fn a_browser_is_told_of_tls_where_the_name_is_the_programs_alone() {
        for (given, address, is_strict) in [
            (TLS, "192.0.2.1:443", true),
            (TLS, "127.0.0.1:443", false),
            (&["--behind-proxy", "10.0.0.1"], "192.0.2.1:80", true),
            (&["--behind-proxy", "127.0.0.1"], "127.0.0.1:80", true),
            (&[], "127.0.0.1:80", false),
            (&[], "192.0.2.1:80", false),
        ] {
            let options = options(given);
            assert_eq!(options.is_strict(address.parse().unwrap()), is_strict, "{options:?}");
        }
    }

    #[test]
    fn a_command_says_which_server_it_means_unless_it_is_the_usual_one() {
        let proxy: &[&str] = &["--behind-proxy", "127.0.0.1"];
        for (given, address, expected) in [
            (&[][..], "127.0.0.1:8080", ""),
            (&[], "127.0.0.1:8081", " --server http://127.0.0.1:8081"),
            (&[], "[::1]:8080", " --server http://[::1]:8080"),
            (TLS, "127.0.0.1:8080", " --server https://127.0.0.1:8080 [--ca FILE]"),
            (TLS, "0.0.0.0:443", " --server https://HOST:443 [--ca FILE]"),
            (proxy, "127.0.0.1:8080", " --server https://…"),
        ] {
            assert_eq!(options(given).at(address.parse().unwrap()), expected, "{given:?}");
        }
    }

    #[test]
    fn every_way_an_origin_is_written() {
        for right in ["https://app.example", "http://localhost:5173", "http://[::1]:5173"] {
            assert_eq!(origin(right).unwrap(), right);
        }
        for wrong in [
            "*",
            "null",
            "app.example",
            "https://",
            "https://app.example/",
            "ftp://app",
            "https://App.example",
            "https://app.example/x",
            "https://me@app.example",
        ] {
            origin(wrong).unwrap_err();
        }
    }
}
