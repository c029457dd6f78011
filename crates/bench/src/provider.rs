//! A provider of sign-in for the server that is measured with tokens: what it publishes, and a token.
//!
//! The program trusts it as it would a real one; what a request costs more is the check of its token.

use std::net::SocketAddr;

use axum::Router;
use axum::routing::get;
use kernel::Clock;
use kernel::time::System;
use serde_json::json;
use tokens::forge::Forge;

use crate::failure::{Failure, doing};
use crate::server::{NO_SIGN_IN, Program};

const AUDIENCE: &str = "bench";
/// How long a token lasts: longer than anything is measured.
const TOKEN_SECONDS: i64 = 24 * 60 * 60;

/// A provider that serves in this process, until it is dropped.
pub(crate) struct Provider {
    forge: Forge,
    /// Ends with it.
    _runtime: tokio::runtime::Runtime,
}

impl Provider {
    /// On a free port of loopback.
    ///
    /// # Errors
    /// Those of the operating system.
    pub(crate) fn start() -> Result<Self, Failure> {
        let starting = || "starting a provider of sign-in";
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("provider")
            .enable_io()
            .build()
            .map_err(doing(starting))?;
        let listening = tokio::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)));
        let listener = runtime.block_on(listening).map_err(doing(starting))?;
        let issuer = format!("http://{}", listener.local_addr().map_err(doing(starting))?);
        let forge = Forge::new(&issuer);
        let says = json!({ "issuer": issuer, "jwks_uri": format!("{issuer}/jwks") }).to_string();
        let keys = forge.jwks();
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(async move || says))
            .route("/jwks", get(async move || keys));
        runtime.spawn(async move { axum::serve(listener, router).await });
        Ok(Self { forge, _runtime: runtime })
    }

    /// The program, trusting this provider, with these options too.
    pub(crate) fn trusted_by(&self, mut program: Program, more: &[&str]) -> Program {
        let trust = ["--oidc-issuer", &self.forge.issuer, "--oidc-audience", AUDIENCE];
        let options = trust.into_iter().chain(more.iter().copied());
        program.arguments.retain(|argument| argument != NO_SIGN_IN);
        program.arguments.extend(options.map(str::to_owned));
        program
    }

    /// A customer's token.
    pub(crate) fn token(&self) -> String {
        let now = System.now().micros().div_euclid(1_000_000);
        self.forge.token(&json!({
            "iss": self.forge.issuer, "aud": AUDIENCE, "sub": "ada", "client_id": "bench",
            "iat": now, "exp": now.saturating_add(TOKEN_SECONDS), "scope": "openid profile",
        }))
    }
}
