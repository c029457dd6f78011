//! One life of the program after another: load, a kill, a new start, and every check.

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::BuildHasher;
use std::net::SocketAddr;
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

use serde_json::json;
use simulation::dice::Dice;
use tempfile::TempDir;

use super::books::Books;
use super::client::Client;
use super::hand::{Hand, Tally};
use super::program::{Program, Server};
use super::request::What;

/// How many requests are under way at once.
const HANDS: usize = 8;

/// Fewer than hands, so that they meet.
const WALLETS: usize = 5;

/// What each wallet begins with, in minor units: never used up.
const CAPITAL: i64 = 100_000_000_000;

/// How soon after the load began the program is killed,
const LIFE_MS_MIN: usize = 200;
/// and how late.
const LIFE_MS_MAX: usize = 1_200;

/// One start in so many is killed itself,
const KILLED_START_ONE_IN: usize = 6;
/// within so many milliseconds.
const KILLED_START_MS_MAX: usize = 120;

/// The whole ledger is summed up, and verified while the program is under load, once in so many
/// lives.
const SUMMED_UP_ONE_IN: usize = 20;

/// How long sagas may stay open after a start, however busy the machine is.
const SAGAS_WAIT: Duration = Duration::from_secs(120);

/// A folder, the program on it, and the witness.
pub(super) struct Trial {
    seed: u64,
    dice: Dice,
    folder: TempDir,
    program: Program,
    server: Option<Server>,
    hands: Vec<Hand>,
    books: Books,
    pub(super) kills: usize,
    kills_of_starts: usize,
    lives: usize,
    slowest_start: Duration,
}

impl Trial {
    /// Starts the program on a new folder, which is kept if the test fails.
    pub(super) fn begin() -> Self {
        let seed = std::env::var("KILL_SEED")
            .map_or_else(|_| RandomState::new().hash_one(0), |text| text.parse().unwrap());
        let mut folder = TempDir::with_prefix_in("kill-", env!("CARGO_TARGET_TMPDIR")).unwrap();
        folder.disable_cleanup(true);
        println!("KILL_SEED={seed}, in {}", folder.path().display());
        let program = Program::in_folder(folder.path());
        let mut dice = Dice::of(seed);
        let server = program.start();
        let hands = (0..HANDS).map(|number| Hand::new(number, dice.throw())).collect();
        let mut trial = Self {
            seed,
            dice,
            folder,
            program,
            server: Some(server),
            hands,
            books: Books::default(),
            kills: 0,
            kills_of_starts: 0,
            lives: 0,
            slowest_start: Duration::ZERO,
        };
        trial.open_wallets();
        trial
    }

    fn open_wallets(&mut self) {
        let mut client = Client::to(self.address());
        let first = &mut self.hands[0];
        for _ in 0..WALLETS {
            let open = first.request(What::OpenWallet, 0);
            first.ask(&mut client, open);
        }
        let id = |thing: &super::thing::Thing| thing.seen["wallet_id"].as_str().unwrap().to_owned();
        let wallets: Vec<String> = first.things.drain(..).map(|thing| id(&thing)).collect();
        self.books = Books::of(&wallets);
        for hand in &mut self.hands {
            hand.wallets = wallets.clone();
        }
        let first = &mut self.hands[0];
        for wallet in 0..WALLETS {
            let credit = first.request(What::Credit { minor: CAPITAL }, wallet);
            first.ask(&mut client, credit);
        }
    }

    fn address(&self) -> SocketAddr {
        self.server.as_ref().map(|server| server.address).unwrap()
    }

    /// One life more: load, a kill, a start, and all checks.
    pub(super) fn life(&mut self) {
        self.load_and_kill();
        while self.dice.once_in(KILLED_START_ONE_IN) {
            let after = self.dice.below(KILLED_START_MS_MAX);
            self.program.start_and_kill(milliseconds(after));
            self.kills += 1;
            self.kills_of_starts += 1;
        }
        self.start();
        self.lives += 1;
    }

    fn load_and_kill(&mut self) {
        let server = self.server.take().unwrap();
        let address = server.address;
        let life = milliseconds(LIFE_MS_MIN + self.dice.below(LIFE_MS_MAX - LIFE_MS_MIN));
        let is_verified = self.lives % SUMMED_UP_ONE_IN == 1;
        let (ended, an_end) = channel();
        std::thread::scope(|scope| {
            for hand in &mut self.hands {
                let ended = Ended(ended.clone());
                scope.spawn(move || {
                    hand.work(address);
                    drop(ended);
                });
            }
            let too_early = an_end.recv_timeout(life);
            if is_verified {
                self.program.verify();
            }
            // A hand that has failed says why when all have ended.
            server.kill();
            assert!(too_early.is_err(), "a hand has ended before the program was killed");
        });
        self.kills += 1;
    }

    fn start(&mut self) {
        let server = self.program.start();
        self.slowest_start = self.slowest_start.max(server.ready_after);
        let address = server.address;
        self.server = Some(server);
        let mut client = Client::to(address);
        self.each_hand(Hand::assert_kept);
        let histories = self.books.assert_kept(&mut client, &self.hands);
        until_no_saga_is_open(&mut client);
        self.each_hand(|hand, client| hand.resolve(client, &histories));
        until_no_saga_is_open(&mut client);
        self.each_hand(Hand::assert_repeatable);
        for hand in &mut self.hands {
            self.books.take(hand);
            hand.forget();
        }
        self.books.assert_exact(&mut client);
        if self.lives.is_multiple_of(SUMMED_UP_ONE_IN) {
            self.books.assert_trial_balance(&mut client);
        }
        assert_eq!(client.get("/dead-letters")["items"], json!([]));
        assert_eq!(client.get("/sagas?state=open")["items"], json!([]));
    }

    /// All hands at once, each on a connection of its own.
    fn each_hand(&mut self, act: impl Fn(&mut Hand, &mut Client) + Sync) {
        let (address, act) = (self.address(), &act);
        std::thread::scope(|scope| {
            for hand in &mut self.hands {
                scope.spawn(move || act(hand, &mut Client::to(address)));
            }
        });
    }

    /// A last look: at the stopped folder, and at what the next start makes of it.
    pub(super) fn end(mut self) {
        self.server.take().unwrap().stop();
        let report = self.program.verify();
        assert_eq!(report["transfers"], self.books.transfers, "{report}");
        self.start();
        self.books.assert_trial_balance(&mut Client::to(self.address()));
        self.server.take().unwrap().stop();
        assert_eq!(self.program.errors(), Vec::<String>::new());
        assert!(self.tally().unanswered >= self.lives, "hardly any request met a kill: {self}");
        println!("{self}");
        self.folder.disable_cleanup(false);
    }
}

impl Trial {
    fn tally(&self) -> Tally {
        self.hands.iter().fold(Tally::default(), |sum, hand| sum.plus(hand.tally))
    }
}

impl fmt::Display for Trial {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tally { acknowledged, unanswered, done_unanswered, repeated } = self.tally();
        write!(
            out,
            "{} kills, {} of them while it started (seed {}): {acknowledged} requests acknowledged, \
             {unanswered} left without an answer, {done_unanswered} of them done; {repeated} sent \
             again; {} transfers booked; slowest start {} ms",
            self.kills,
            self.kills_of_starts,
            self.seed,
            self.books.transfers,
            self.slowest_start.as_millis()
        )
    }
}

/// Tells that a hand has ended, however it ended.
struct Ended(Sender<()>);

impl Drop for Ended {
    fn drop(&mut self) {
        // After the kill nobody listens.
        self.0.send(()).ok();
    }
}

fn milliseconds(number: usize) -> Duration {
    Duration::from_millis(u64::try_from(number).unwrap())
}

/// Waits until every saga has ended, which those do by themselves that a kill left open.
fn until_no_saga_is_open(client: &mut Client) {
    let began = Instant::now();
    loop {
        let open = client.list("/sagas?state=open&limit=100", |_| true);
        if open.is_empty() {
            return;
        }
        assert!(began.elapsed() < SAGAS_WAIT, "these sagas do not end: {open:?}");
        std::thread::park_timeout(Duration::from_millis(10));
    }
}
