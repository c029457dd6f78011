//! What is asked for on the command line, and what follows from it.
//!
//! Nothing is run here.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::functions;
use crate::scenario::Scenario;

const EXAMPLES: &str = "\
Examples:
  bench                                      everything, about six minutes
  bench --quick                              a look, in half a minute
  bench --scenarios payment-saga --connections 64 --seconds 30
  bench --server-binary target/debug/bench --quick
                                             the generator against a server that only answers

Exit codes: 0 done; 1 done, but some answers were not what they must be; 2 wrong use;
3 could not run to the end (what was measured until then is still reported).";

/// Measures the program `fintech` under load, and beside it the floor of this machine.
#[derive(Debug, clap::Parser)]
#[command(name = "bench", version, after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub(crate) struct CommandLine {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) options: Options,
}

/// What else the program does.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Serves a server that only answers, until it is ended.
    #[command(alias = "serve")]
    FloorServer {
        /// Where to listen.
        #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
        listen: SocketAddr,
        /// Taken and left alone, so that it can stand in for the real program.
        #[arg(long, value_name = "DIR", hide = true)]
        data: Option<PathBuf>,
        /// As `data`.
        #[arg(long, value_name = "URL", hide = true)]
        oidc_issuer: Option<String>,
        /// As `data`.
        #[arg(long, value_name = "NAME", hide = true)]
        oidc_audience: Option<String>,
        /// As `data`.
        #[arg(long, hide = true)]
        insecure_no_auth: bool,
        /// As `data`.
        #[arg(long, value_name = "NUMBER", hide = true)]
        rate_per_caller: Option<u32>,
        /// As `data`.
        #[arg(long, value_name = "NUMBER", hide = true)]
        rate_per_address: Option<u32>,
        /// As `data`.
        #[arg(long, value_name = "NETWORK", hide = true)]
        behind_proxy: Option<String>,
    },
    /// Measures how fast a function of AWS Lambda starts and answers.
    Functions(functions::Options),
}

/// The options of a measurement.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// The program to measure; it is started and ended by this one.
    #[arg(long, value_name = "PATH", default_value = "target/release/fintech")]
    pub(crate) server_binary: PathBuf,
    /// Where its data folders go, which are kept [default: a temporary folder under target/,
    /// removed at the end].
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// How long each scenario is measured, after a second of warm-up [default: 10; quick: 2].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) seconds: Option<u64>,
    /// Numbers of connections, each measured [default: 1,64,256; quick: 64].
    #[arg(long, value_name = "N", value_delimiter = ',',
          value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub(crate) connections: Vec<u16>,
    /// What to measure [default: all of it].
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) scenarios: Vec<Scenario>,
    /// How many wallets there are [default: 10000; quick: 1000].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=1_000_000))]
    pub(crate) wallets: Option<u32>,
    /// Payments after which `sustained`, begun in an empty folder, looks at the memory
    /// [default: 1000000; quick: 20000].
    #[arg(long, value_name = "N")]
    pub(crate) payments_resident: Option<u64>,
    /// Bytes a saga for the floor of append and sync [default: as measured, else 1024].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub(crate) saga_bytes: Option<u64>,
    /// Seconds after which nothing further is begun and the end is reported [default: 1800;
    /// quick: 90].
    #[arg(long, value_name = "N")]
    pub(crate) time_limit: Option<u64>,
    /// A look only: short, one number of connections, few wallets.
    #[arg(long)]
    pub(crate) quick: bool,
    /// Where the figures go as JSON.
    #[arg(long, value_name = "FILE", default_value = "target/bench.json")]
    pub(crate) json: PathBuf,
}

/// How long one thing is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) warm_up: Duration,
    pub(crate) measured: Duration,
}

/// All that is going to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) window: Window,
    pub(crate) sustained_window: Window,
    pub(crate) connections: Vec<usize>,
    /// Without those that come last, in folders of their own.
    pub(crate) scenarios: Vec<Scenario>,
    pub(crate) sustained: bool,
    /// Whether it is measured what counting costs.
    pub(crate) counting: bool,
    /// Whether payments are measured beside floods, also in a folder of their own.
    pub(crate) floods: bool,
    /// How long each flood goes on, at least.
    pub(crate) flood_time: Duration,
    pub(crate) wallets: usize,
    pub(crate) payments_resident: u64,
    pub(crate) time_limit: Duration,
    pub(crate) floor_time: Duration,
}

/// The number of connections that `sustained` runs at.
pub(crate) const SUSTAINED_CONNECTIONS: usize = 64;

/// How many requests are measured that decide nothing: the bare one, the health of the program, and
/// who calls, without a token and with one.
const HTTP_FLOORS: usize = 4;

/// With a token that is not counted, and with one that is counted by address too.
const COUNTED_FLOORS: usize = 2;

/// Payments alone, and beside three floods.
const FLOODS: u32 = 4;

impl Plan {
    /// Fills in what was not asked for.
    pub(crate) fn of(options: &Options) -> Self {
        let quick = options.quick;
        let either = |full: u64, short: u64| if quick { short } else { full };
        let warm_up = Duration::from_millis(either(1_000, 500));
        let window = |seconds| Window { warm_up, measured: Duration::from_secs(seconds) };
        let seconds = options.seconds.unwrap_or(either(10, 2));
        let mut connections: Vec<usize> =
            options.connections.iter().map(|count| usize::from(*count)).collect();
        if connections.is_empty() {
            connections = if quick { vec![64] } else { vec![1, 64, 256] };
        }
        let mut scenarios = options.scenarios.clone();
        if scenarios.is_empty() {
            scenarios = <Scenario as clap::ValueEnum>::value_variants().to_vec();
            // A flood has its number of tries, however quick the look is.
            scenarios.retain(|scenario| !quick || *scenario != Scenario::WrongPasswords);
        }
        let sustained = scenarios.contains(&Scenario::Sustained);
        let floods = scenarios.contains(&Scenario::WrongPasswords);
        let in_folders_of_their_own = [Scenario::Sustained, Scenario::WrongPasswords];
        scenarios.retain(|scenario| !in_folders_of_their_own.contains(scenario));
        let wallets = options.wallets.map_or(either(10_000, 1_000), u64::from);
        Self {
            window: window(seconds),
            sustained_window: window(either(60, 3.min(seconds))),
            connections,
            scenarios,
            sustained,
            counting: !quick,
            floods,
            flood_time: Duration::from_secs(seconds),
            wallets: usize::try_from(wallets).unwrap_or(usize::MAX),
            payments_resident: options.payments_resident.unwrap_or(either(1_000_000, 20_000)),
            time_limit: Duration::from_secs(options.time_limit.unwrap_or(either(1_800, 90))),
            floor_time: Duration::from_millis(either(5_000, 500)),
        }
    }

    /// The numbers of connections at which the HTTP floor is needed.
    pub(crate) fn floor_connections(&self) -> Vec<usize> {
        let mut all = self.connections.clone();
        if self.sustained && !all.contains(&SUSTAINED_CONNECTIONS) {
            all.push(SUSTAINED_CONNECTIONS);
        }
        all
    }

    /// The seconds that all windows take together; what comes between them is not counted.
    pub(crate) fn seconds(&self) -> u64 {
        let of = |window: Window, times: usize| {
            let time = window.warm_up.saturating_add(window.measured);
            time.saturating_mul(u32::try_from(times).unwrap_or(u32::MAX))
        };
        let at_each = self.connections.len().saturating_mul(self.scenarios.len());
        let floors = HTTP_FLOORS.saturating_add(if self.counting { COUNTED_FLOORS } else { 0 });
        let floors = self.floor_connections().len().saturating_mul(floors);
        let short = of(self.window, at_each.saturating_add(floors));
        let long = of(self.sustained_window, usize::from(self.sustained));
        let floods = self.flood_time.saturating_mul(if self.floods { FLOODS } else { 0 });
        short.saturating_add(long).saturating_add(floods).as_secs()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{CommandFactory, Parser};

    fn plan(arguments: &[&str]) -> Plan {
        let all = std::iter::once("bench").chain(arguments.iter().copied());
        Plan::of(&CommandLine::try_parse_from(all).unwrap().options)
    }

    #[test]
    fn the_command_line_is_sound() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn by_default_everything_is_measured() {
        let plan = plan(&[]);
        assert_eq!(plan.connections, [1, 64, 256]);
        assert_eq!(plan.scenarios.len(), 5);
        assert!(plan.sustained && plan.floods);
        assert_eq!((plan.wallets, plan.payments_resident), (10_000, 1_000_000));
        assert_eq!(plan.sustained_window.measured, Duration::from_secs(60));
        assert_eq!(plan.seconds(), (15 + 18) * 11 + 61 + 40);
    }

    #[test]
    fn quick_fits_into_half_a_minute() {
        let plan = plan(&["--quick"]);
        assert!(plan.seconds() < 28, "{} s", plan.seconds());
        assert_eq!(plan.scenarios.len(), 5);
    }

    #[test]
    fn what_is_asked_for_wins_over_quick() {
        let plan = plan(&[
            "--quick",
            "--seconds",
            "7",
            "--connections",
            "1,2",
            "--scenarios",
            "credit,sustained",
            "--payments-resident",
            "5",
            "--wallets",
            "2",
        ]);
        assert_eq!(plan.window.measured, Duration::from_secs(7));
        assert_eq!(plan.connections, [1, 2]);
        assert_eq!(plan.floor_connections(), [1, 2, 64]);
        assert_eq!(plan.scenarios, [Scenario::Credit]);
        assert!(plan.sustained);
        assert_eq!((plan.wallets, plan.payments_resident), (2, 5));
    }

    #[test]
    fn wrong_use_is_refused() {
        for wrong in [
            &["--seconds", "0"][..],
            &["--connections", "0"],
            &["--connections", "5000"],
            &["--scenarios", "nothing"],
            &["--wallets", "1"],
        ] {
            let all = std::iter::once("bench").chain(wrong.iter().copied());
            assert!(CommandLine::try_parse_from(all).is_err(), "{wrong:?}");
        }
    }
}
