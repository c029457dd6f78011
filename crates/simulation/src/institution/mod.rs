//! The whole system without HTTP: every service over one store, a clock that stands still until it is
//! moved, and what must be true of it whenever it rests.

mod act;
mod clock_work;
mod perform;
mod state;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use kernel::audit::AuditLine;
use kernel::context::CorrelationId;
use kernel::manifest::{ServiceManifest, Subscription};
use kernel::operators::{EventQuery, EventsPort, LoggedEvent};
use kernel::{
    Clock, Context, Decision, Id, Kind, LoanId, PaymentId, Record, RefundId, Store, WalletId,
};
use operations::verify::verify;

pub use act::{Act, By, Keyed, What};
pub use perform::Came;

use crate::conformance::store::{Candidate, Opened, Setup};
use crate::hands::{CountedIds, HandClock, Hands};

/// Every service's manifest.
pub static SERVICES: [&ServiceManifest; 3] =
    [&wallet::MANIFEST, &payment::MANIFEST, &loan::MANIFEST];

/// Every kind of record.
pub fn kinds() -> Vec<&'static Kind> {
    let kinds = SERVICES.iter().flat_map(|service| service.kinds);
    kinds.copied().chain([AuditLine::KIND]).collect()
}

/// Every subscription.
pub fn subscriptions() -> Vec<&'static Subscription> {
    SERVICES.iter().flat_map(|service| service.subscriptions).collect()
}

/// Whether everything is heard once more whenever the institution rests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Echo {
    /// No.
    None,
    /// Once more, in the order in which it was said.
    InOrder,
    /// Once more, the latest first.
    Backwards,
}

/// The whole system over one store.
pub struct Institution {
    opened: Box<dyn Opened>,
    /// Its time.
    pub clock: Arc<HandClock>,
    echo: Echo,
    wallets: Vec<WalletId>,
    payments: Vec<PaymentId>,
    refunds: Vec<RefundId>,
    loans: Vec<LoanId>,
}

impl Institution {
    /// Over an empty store.
    pub async fn open(candidate: &dyn Candidate, echo: Echo) -> Self {
        let clock = Arc::new(HandClock::default());
        let hands = Hands { clock: clock.clone(), ids: Arc::new(CountedIds::default()) };
        let setup = Setup { kinds: kinds(), subscriptions: subscriptions(), hands };
        Self {
            opened: candidate.open(setup).await,
            clock,
            echo,
            wallets: Vec::new(),
            payments: Vec::new(),
            refunds: Vec::new(),
            loans: Vec::new(),
        }
    }

    /// For records.
    pub fn store(&self) -> Store {
        self.opened.store()
    }

    /// For events.
    pub fn events(&self) -> Arc<dyn EventsPort> {
        self.opened.events()
    }

    /// The store itself.
    pub fn opened(&mut self) -> &mut dyn Opened {
        &mut *self.opened
    }

    /// The wallet that was opened as number `number`; beyond the last one, a wallet of nobody.
    pub fn wallet(&self, number: usize) -> WalletId {
        let nowhere = || WalletId::named(&["no such wallet"]);
        self.wallets.get(number).copied().unwrap_or_else(nowhere)
    }

    /// Makes a decision in answer to a request.
    pub async fn decide<D: Decision>(&self, decision: D) -> D::Outcome {
        self.store().decide(decision, request()).await.unwrap()
    }

    /// Waits until everything that was said was heard, and what that caused.
    pub async fn settle(&self) {
        self.opened.settle().await;
    }

    /// Settles, and lets the clock do its work a minute later, until nothing waits or is due; then gives
    /// dead letters to their subscribers again, and hears everything once more if that is asked for.
    pub async fn rest(&self) {
        self.settle().await;
        for _ in 0..5 {
            if self.open_sagas().await == 0 && self.due().await == 0 {
                break;
            }
            self.clock.pass(Duration::from_secs(61));
            self.tick().await;
            self.settle().await;
        }
        assert_eq!(self.open_sagas().await, 0, "saying it again did not end every saga");
        self.opened.redrive().await;
        self.settle().await;
        match self.echo {
            Echo::None => {}
            Echo::InOrder => self.hear_again(self.log().await).await,
            Echo::Backwards => {
                let mut log = self.log().await;
                log.reverse();
                self.hear_again(log).await;
            }
        }
        assert_eq!(self.open_sagas().await, 0, "a saga did not end");
    }

    async fn hear_again(&self, log: Vec<LoggedEvent>) {
        for event in log {
            for subscription in subscriptions() {
                if subscription.hears.contains(&event.envelope.kind()) {
                    let decision = (subscription.react)(&event.envelope).unwrap();
                    let context = event.envelope.context();
                    self.store().port().decide(decision, context).await.unwrap();
                }
            }
        }
        self.settle().await;
    }

    /// Everything that was said, oldest first.
    pub async fn log(&self) -> Vec<LoggedEvent> {
        let mut log: Vec<LoggedEvent> = Vec::new();
        loop {
            let after = log.last().map(|event| event.position);
            let query = EventQuery { after, limit: 500, ..EventQuery::default() };
            let piece = self.events().events(query).await.unwrap();
            if piece.is_empty() {
                return log;
            }
            log.extend(piece);
        }
    }

    /// How many deliveries everything that was said takes, if nothing goes wrong.
    pub async fn deliveries(&self) -> usize {
        let mut log = self.log().await;
        let mut seen = HashSet::new();
        log.retain(|event| seen.insert(event.envelope.id));
        let hearers = |kind| subscriptions().iter().filter(|one| one.hears.contains(&kind)).count();
        log.iter().map(|event| hearers(event.envelope.kind())).sum()
    }

    /// What must be true whenever it rests: every event was heard, every currency sums to zero over
    /// all accounts, and services and ledger agree.
    pub async fn assert_sound(&self) {
        assert_eq!(self.opened.unsent(subscriptions()).await, [""; 0]);
        self.assert_balanced().await;
    }

    /// The same where events were lost: what they said came in others.
    pub async fn assert_balanced(&self) {
        let report = verify(&**self.store().port(), &mut |_| {}).await.unwrap();
        assert_eq!(report.violations, [""; 0]);
        for currency in report.currencies {
            assert!(currency.sum.trim_matches(['0', '.']).is_empty(), "{currency:?}");
        }
    }

    /// The time as decisions see it.
    pub fn now(&self) -> kernel::Time {
        self.clock.now()
    }
}

/// The context of a request.
pub fn request() -> Context {
    Context::request(CorrelationId(7), None)
}
