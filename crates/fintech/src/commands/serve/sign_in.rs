//! Who is let in: who signed in here, or the holders of a trusted provider's tokens, or, for trying it
//! out, everybody as the one local operator. Not in here: the check of a token, see `tokens`; the
//! program's own accounts, see `accounts`.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use clap::{ArgAction, Args};
use http_api::{Authenticator, LocalOperator};
use identity::DeskSettings;
use kernel::time::System;
use tokens::{Family, FetchError, GroupsClaim, Keeper, Policy, Verifier};

use crate::end::Failure;
use crate::https::Https;

/// Whose tokens are trusted.
#[derive(Debug, Args)]
pub(super) struct SignInOptions {
    /// Let in who has a token of this OpenID Connect provider, and nobody else
    #[arg(long, value_name = "URL", env = "FINTECH_OIDC_ISSUER", requires = "oidc_audience")]
    oidc_issuer: Option<String>,
    /// For whom a token must be; of Cognito, the client ids. Several with commas, or one after another
    #[arg(long, value_name = "AUDIENCE,…", env = "FINTECH_OIDC_AUDIENCE", value_delimiter = ',')]
    #[arg(requires = "oidc_issuer")]
    oidc_audience: Vec<String>,
    /// How the provider marks its tokens: standard, cognito, keycloak or auth0; else as its URL looks
    #[arg(long, value_name = "FAMILY", env = "FINTECH_OIDC_PROVIDER", requires = "oidc_issuer")]
    oidc_provider: Option<Family>,
    /// The claim of a person's groups, or a JSON pointer to it: whoever is in `operators` is one
    #[arg(long, value_name = "CLAIM", env = "FINTECH_OIDC_GROUPS_CLAIM", requires = "oidc_issuer")]
    oidc_groups_claim: Option<GroupsClaim>,
    /// Whether anybody may make himself a user; if left out, on loopback alone
    #[arg(long, value_name = "true|false", env = "FINTECH_SIGN_UP", action = ArgAction::Set)]
    #[arg(conflicts_with = "oidc_issuer")]
    sign_up: Option<bool>,
    /// Let everybody in as an operator, without any sign-in; on loopback alone, for trying it out
    #[arg(long, env = "FINTECH_INSECURE_NO_AUTH")]
    #[arg(value_parser = clap::builder::BoolishValueParser::new())]
    pub(super) insecure_no_auth: bool,
}

/// Who is let in.
pub(super) enum SignIn {
    /// Who signed in here.
    Here(DeskSettings),
    /// Who is known to that.
    By(Arc<dyn Authenticator>),
}

impl SignInOptions {
    /// Whether an address may be listened on, by who would be let in.
    ///
    /// # Errors
    /// When strangers would be, or when it is asked for both ways.
    pub(super) fn check(&self, address: SocketAddr, stays_here: bool) -> Result<(), Failure> {
        match (&self.oidc_issuer, self.insecure_no_auth) {
            (Some(_), true) => Err(Failure::wrong_use(
                "--oidc-issuer lets in whoever has a token, --insecure-no-auth everybody: say one of them",
            )),
            (None, true) if !stays_here => Err(Failure::wrong_use(format!(
                "{address} can be reached from other machines, and with --insecure-no-auth whoever \
                 reaches it would act as an operator: leave it out, or listen on 127.0.0.1 without a proxy"
            ))),
            (Some(_), false) | (None, _) => Ok(()),
        }
    }

    /// Knows who calls from here on. A provider that does not answer is asked on; nobody is let in
    /// until it does. Where only this machine reaches it, people may sign up unless told otherwise; where
    /// requests come by TLS alone, so do cookies.
    ///
    /// # Errors
    /// When what is configured cannot be, or the provider says that it is another one.
    pub(super) fn start(&self, stays_here: bool, secure_cookies: bool) -> Result<SignIn, Failure> {
        if self.insecure_no_auth {
            return Ok(SignIn::By(Arc::new(LocalOperator::new())));
        }
        let Some(issuer) = &self.oidc_issuer else {
            let sign_up = self.sign_up.unwrap_or(stays_here);
            return Ok(SignIn::Here(DeskSettings { sign_up, secure_cookies }));
        };
        let family = self.oidc_provider.unwrap_or_else(|| Family::of_issuer(issuer));
        let policy = Policy::new(issuer, &self.oidc_audience, family);
        let mut policy = policy.map_err(Failure::wrong_use)?;
        if let Some(groups) = &self.oidc_groups_claim {
            policy = policy.with_groups(groups.clone());
        }
        let verifier = Arc::new(Verifier::new(policy, Arc::new(System)));
        let mut keeper = Keeper::new(Arc::clone(&verifier), Https::new()?);
        if let Err(error @ FetchError::Refused { .. }) = keeper.fetch(Instant::now()) {
            return Err(Failure::wrong_use(format!("--oidc-issuer: {error}")));
        }
        let keeping = thread::Builder::new().name("keys".to_owned()).spawn(move || keeper.run());
        keeping.map_err(Failure::cannot_run)?;
        tracing::info!(issuer, %family, "tokens of this provider are trusted");
        Ok(SignIn::By(verifier))
    }

    /// Tells whoever reads the log what is not safe.
    pub(super) fn warn(&self) {
        if self.insecure_no_auth {
            tracing::warn!(
                insecure_no_auth = true,
                "there is no sign-in: whoever reaches this address acts as an operator"
            );
        }
    }
}
