//! A hand: a thread's part of the load. It lives outside the program, so it knows what it was told
//! when the program is killed. What it makes of an answer is in `answers`, what it checks after a
//! kill in `recovery`.

use std::net::SocketAddr;

use simulation::dice::Dice;

use super::books::Move;
use super::client::Client;
use super::request::{Request, TOO_MUCH, What};
use super::thing::Thing;

/// What a hand has seen, in numbers.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Tally {
    pub(super) acknowledged: usize,
    /// Requests that a kill left without an answer,
    pub(super) unanswered: usize,
    /// those of them that had been done all the same,
    pub(super) done_unanswered: usize,
    /// and answered requests that were sent again after a kill.
    pub(super) repeated: usize,
}

impl Tally {
    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            acknowledged: self.acknowledged + other.acknowledged,
            unanswered: self.unanswered + other.unanswered,
            done_unanswered: self.done_unanswered + other.done_unanswered,
            repeated: self.repeated + other.repeated,
        }
    }
}

/// A hand.
pub(super) struct Hand {
    pub(super) number: usize,
    pub(super) dice: Dice,
    pub(super) wallets: Vec<String>,
    pub(super) things: Vec<Thing>,
    /// The request that the kill left without an answer.
    pub(super) doubt: Option<Request>,
    /// Movements that must be booked, and were not found in the histories yet.
    pub(super) moves: Vec<Move>,
    /// By how much is held more or less in a wallet since the books were made.
    pub(super) holds: Vec<(usize, i64)>,
    pub(super) tally: Tally,
    asked: usize,
}

impl Hand {
    pub(super) fn new(number: usize, seed: u64) -> Self {
        Self {
            number,
            dice: Dice::of(seed),
            wallets: Vec::new(),
            things: Vec::new(),
            doubt: None,
            moves: Vec::new(),
            holds: Vec::new(),
            tally: Tally::default(),
            asked: 0,
        }
    }

    /// Asks for one thing after another until the program goes away.
    pub(super) fn work(&mut self, address: SocketAddr) {
        let mut client = Client::to(address);
        while self.doubt.is_none() {
            let request = self.any_request();
            self.ask(&mut client, request);
        }
    }

    /// A request of that kind, which no other resembles.
    pub(super) fn request(&mut self, what: What, wallet: usize) -> Request {
        self.asked += 1;
        let name = format!("hand-{}-{}", self.number, self.asked);
        Request::new(what, wallet, name, (&self.wallets, &self.things))
    }

    fn any_request(&mut self) -> Request {
        let wallet = self.dice.below(self.wallets.len());
        let what = self.change().unwrap_or_else(|| self.beginning(wallet));
        let wallet = what.on().map_or(wallet, |on| self.things[on].made_by.wallet);
        let mut request = self.request(what, wallet);
        request.waits = what.is_saga() && self.dice.once_in(2);
        if what.can_be_found() && self.dice.once_in(4) {
            request.key = None;
        }
        request
    }

    /// Of something that is there already.
    fn change(&mut self) -> Option<What> {
        if self.things.is_empty() || !self.dice.once_in(2) {
            return None;
        }
        let on = self.dice.below(self.things.len());
        let percent = self.minor(100);
        self.things[on].next(on, percent)
    }

    fn beginning(&mut self, wallet: usize) -> What {
        let minor = self.minor(1_000);
        match self.dice.below(100) {
            0..18 => What::Credit { minor },
            18..34 => What::Debit { minor },
            34..50 => {
                let others = self.wallets.len() - 1;
                let to = (wallet + 1 + self.dice.below(others)) % self.wallets.len();
                What::Transfer { to, minor }
            }
            50..70 => What::Pay { minor, is_manual: false },
            70..85 => What::Pay { minor, is_manual: true },
            85..88 => What::Pay { minor: TOO_MUCH, is_manual: self.dice.once_in(2) },
            88..91 => What::Debit { minor: TOO_MUCH },
            91..98 => What::Apply { minor: 100_000 + minor },
            _ => What::OpenWallet,
        }
    }

    /// From 1 up to a bound.
    fn minor(&mut self, bound: usize) -> i64 {
        i64::try_from(self.dice.below(bound) + 1).unwrap()
    }

    /// What a request is about may not be as it was, from when it is sent.
    pub(super) fn unsettle(&mut self, request: &Request) {
        if let Some(on) = request.what.on() {
            self.things[on].is_sure = false;
            self.things[on].is_new = true;
        }
    }

    /// Sends a request; without an answer it stays in doubt.
    pub(super) fn ask(&mut self, client: &mut Client, request: Request) {
        self.unsettle(&request);
        match client.post(&request) {
            Ok(answer) => self.acknowledged(request, answer),
            Err(_) => {
                self.tally.unanswered += 1;
                self.doubt = Some(request);
            }
        }
    }
}
