//! `fintech serve`: the program. Opens the folder, answers on an address, ticks, and stops without
//! cutting anything. The connections themselves are in `connections`.

mod accounts;
mod address;
mod certificate;
mod connection;
mod connections;
mod proxies;
mod rates;
mod room;
mod shares;
mod sign_in;
mod way;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use clap::{ArgAction, Args};
use http_api::{Authenticator, Deployment, Front, Settings};
use identity::Desk;
use kernel::time::System;
use kernel::{Clock, Store};
use loan::rate::RateTable;
use store_embedded::EmbeddedStore;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use self::connections::Connections;
use self::rates::{RateOptions, Rates};
use self::sign_in::{SignIn, SignInOptions};
use self::way::WayOptions;
use crate::end::{End, Failure};
use crate::folder::{self, DataOption};
use crate::logging::{self, LogFormat, LogLevel};
use crate::metrics::Metrics;
use crate::signals::Signals;
use crate::{clock, health, output, runtime, services};

const LONG_ABOUT: &str = "\
Start the program: it answers the HTTP interface and keeps everything in the data folder.

When it is ready it prints its address as one line on standard output; logs go to standard error. \
The interface is described, and can be browsed, at /docs. /healthz, /readyz and /metrics are for \
whoever watches over it.

A bearer token is needed for everything but /healthz, /readyz, the documentation and signing in. The \
program has accounts of its own: the first start makes an operator and shows his password for one \
time on the terminal, or else keeps it in the file first-password of the data folder; he makes others by \
`fintech user`, and where --sign-up allows it people make \
themselves users. A member of the group `operators` is an operator, a service has scopes, \
everybody else is a customer. /metrics is for operators and for services with the scope `metrics`.

With --oidc-issuer and --oidc-audience it trusts that provider's tokens instead, and has no accounts of \
its own. With --insecure-no-auth whoever reaches it acts as its one local operator: for trying it out, \
on loopback alone. On loopback it answers only to its own address and to `localhost`, so that no page \
of another site can use it.

Beyond loopback tokens come over TLS: its own, by --tls-cert and --tls-key, which are read again when \
they change; or that of a proxy in front, which --behind-proxy names and which alone may connect then. \
Whoever asks more often than --rate-per-caller and --rate-per-address allow gets 429 with Retry-After.

SIGTERM and SIGINT stop it: requests under way are answered, everything is written, then it ends. A \
second signal ends it at once; even then nothing that was acknowledged is lost.";

const EXAMPLES: &str = "\
Examples:
  fintech serve                                        on http://127.0.0.1:8080, in ./fintech-data
  fintech serve --listen 127.0.0.1:0 --data /tmp/try   on a free port, elsewhere
  FINTECH_LOG_FORMAT=json fintech serve                options from the environment
  fintech serve --insecure-no-auth                     to try it out without signing in
  fintech serve --oidc-issuer https://sso.example/realms/bank --oidc-audience fintech
                                                       for who has a token of that provider

While it runs, in another terminal, with the password of the first start:
  fintech password --email operator@localhost
  export FINTECH_TOKEN=$(fintech token --email operator@localhost)
  curl -sS http://127.0.0.1:8080/v1/wallet -H \"Authorization: Bearer $FINTECH_TOKEN\" \\
    -H 'Content-Type: application/json' -d '{}'";

/// Start the program
#[derive(Debug, Args)]
#[command(long_about = LONG_ABOUT, after_long_help = EXAMPLES)]
pub(crate) struct Options {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT", env = "FINTECH_LISTEN")]
    #[arg(default_value = "127.0.0.1:8080", value_parser = address::parse)]
    listen: SocketAddr,
    #[command(flatten)]
    data: DataOption,
    /// How logs are written
    #[arg(long, value_enum, env = "FINTECH_LOG_FORMAT", default_value = "text")]
    log_format: LogFormat,
    /// From which level on logs are written
    #[arg(long, value_enum, env = "FINTECH_LOG_LEVEL", default_value = "info")]
    log_level: LogLevel,
    /// Whether customers may credit their wallets from outside, for trying it out; left out: where only
    /// this machine reaches it
    #[arg(long, value_name = "true|false", env = "FINTECH_SELF_FUNDING", action = ArgAction::Set)]
    self_funding: Option<bool>,
    /// After how many days held money is free again, 1 to 365
    #[arg(long, value_name = "DAYS", env = "FINTECH_HOLD_DAYS", default_value_t = 7)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=365))]
    hold_days: u32,
    /// Which rate a loan has, by its term: `12=8.0` is 8.0 % a year up to 12 months
    #[arg(long, value_name = "MONTHS=PERCENT,…", env = "FINTECH_LOAN_RATES")]
    #[arg(default_value = "12=8.0,24=12.0,360=15.0")]
    loan_rates: RateTable,
    #[command(flatten)]
    sign_in: SignInOptions,
    #[command(flatten)]
    way: WayOptions,
    #[command(flatten)]
    rates: RateOptions,
}

impl Options {
    /// Whether customers may credit their wallets: unasked, only where nobody else is one.
    fn self_funding(&self) -> bool {
        self.self_funding.unwrap_or(self.way.stays_here(self.listen))
    }
}

/// Runs it.
pub(crate) fn run(options: &Options) -> Result<End, Failure> {
    let stays_here = options.way.stays_here(options.listen);
    options.sign_in.check(options.listen, stays_here)?;
    options.way.check(options.listen)?;
    logging::start(options.log_format, options.log_level);
    let metrics = Metrics::start()?;
    let sign_in = options.sign_in.start(stays_here, options.way.is_private())?;
    let runtime = runtime::build("http")?;
    let end = runtime.block_on(serve(options, metrics, sign_in));
    // Whatever still runs after a second signal is not waited for.
    runtime.shutdown_background();
    end
}

async fn serve(options: &Options, metrics: Metrics, sign_in: SignIn) -> Result<End, Failure> {
    let mut signals = Signals::listen()?;
    let certificate = options.way.certificate()?;
    let listener = TcpListener::bind(options.listen).await.map_err(|error| {
        let address = options.listen;
        Failure::cannot_run(format!("cannot listen on {address}: {error}; try another --listen"))
    })?;
    let address = listener.local_addr().map_err(Failure::cannot_run)?;
    let store = folder::open(&options.data.data, Arc::new(System)).await?;
    warn_of_a_clock_ahead(&store).await?;
    let records = Store::new(Arc::<EmbeddedStore>::clone(&store));
    let (authenticator, desk): (Arc<dyn Authenticator>, _) = match sign_in {
        SignIn::By(authenticator) => (authenticator, None),
        SignIn::Here(settings) => {
            let at = options.way.at(address);
            let desk = accounts::open(&options.data.data, &records, settings, &at).await?;
            (Arc::new(desk.gate()), Some(desk))
        }
    };
    let front = Front {
        authenticator,
        hosts: options.way.hosts(address),
        gate: Arc::new(Rates::new(&options.rates)),
        ids: Arc::new(System),
    };
    let router = application(options, front, (&store, desk.as_ref()), &metrics)?;
    let way = options.way.of(address, certificate.as_ref())?;
    let mut beside = JoinSet::new();
    beside.spawn(clock::run(records.clone(), move || metrics.upkeep()));
    if let Some(desk) = &desk {
        let (data, records) = (options.data.data.clone(), records.clone());
        beside.spawn(accounts::look_after(Arc::clone(desk), data, records));
    }
    if let Some(certificate) = certificate {
        beside.spawn(certificate.keep());
    }
    let connections = Connections::start(listener, router, way);
    tell_ready(options, address)?;

    let end = tokio::select! {
        () = signals.wait() => Ok(End::Done),
        // Whoever watches over the program starts it again.
        () = store.ended() => Err(Failure::cannot_run(
            "the store ended, by the disk or a bug of ours, see the log; what was acknowledged is safe: start again",
        )),
    };
    tracing::info!("stopping: requests under way are answered first");
    beside.shutdown().await;
    let stopping = async {
        connections.drain().await;
        if let Some(desk) = &desk {
            accounts::settle(desk, &options.data.data, &records).await;
        }
        folder::close(store).await;
    };
    tokio::select! {
        () = stopping => {
            tracing::info!("stopped");
            end
        }
        () = signals.wait() => Err(Failure::cannot_run("ended at once by a second signal")),
    }
}

/// How far a folder's clock may be ahead of the machine's before somebody is told.
const AHEAD_MAX: Duration = Duration::from_secs(60);

/// Tells whoever reads the log that what is booked is dated later than the machine's clock says.
async fn warn_of_a_clock_ahead(store: &Arc<EmbeddedStore>) -> Result<(), Failure> {
    let folder = clock::of(&Store::new(Arc::<EmbeddedStore>::clone(store))).await;
    let (folder, machine) = (folder.map_err(Failure::cannot_run)?, System.now());
    if machine.plus(AHEAD_MAX) < folder {
        tracing::warn!(
            %folder,
            %machine,
            "the folder's clock is ahead of this machine's, and goes on from there: what is booked is \
             dated as the folder's says"
        );
    }
    Ok(())
}

fn application(
    options: &Options,
    front: Front,
    (store, desk): (&Arc<EmbeddedStore>, Option<&Arc<Desk>>),
    metrics: &Metrics,
) -> Result<axum::Router, Failure> {
    let cursor_key = folder::cursor_key(&options.data.data)?;
    let settings = Settings {
        self_funding: options.self_funding(),
        hold_life: Duration::from_secs(u64::from(options.hold_days).saturating_mul(24 * 60 * 60)),
        ..Settings::new(cursor_key)
    };
    let deployment = Deployment {
        store: Store::new(Arc::<EmbeddedStore>::clone(store)),
        events: Arc::<EmbeddedStore>::clone(store),
        settings,
    };
    let of_metrics = metrics.routes(Arc::clone(store), Arc::clone(&front.authenticator));
    let mut root = health::routes(Arc::clone(store)).merge(of_metrics);
    let mut routes = services::routes(options.loan_rates.clone());
    if let Some(desk) = desk {
        root = root.merge(accounts::routes(desk));
        routes = routes.merge(identity::routes(desk));
    }
    let router = http_api::app(routes, root, Arc::new(deployment), front);
    Ok(match options.way.cors() {
        Some(cors) => router.layer(cors),
        None => router,
    })
}

fn tell_ready(options: &Options, address: SocketAddr) -> Result<(), Failure> {
    let insecure_no_auth = options.sign_in.insecure_no_auth.then_some(true);
    options.sign_in.warn();
    tracing::info!(
        insecure_no_auth,
        version = env!("CARGO_PKG_VERSION"),
        %address,
        data = %options.data.data.display(),
        self_funding = options.self_funding(),
        "ready"
    );
    let scheme = if options.way.does_tls() { "https" } else { "http" };
    let told = output::line(format_args!("{scheme}://{address}"));
    // A server does not end without a word.
    told.map_err(|error| Failure::cannot_run(format!("cannot write to standard output: {error}")))
}
