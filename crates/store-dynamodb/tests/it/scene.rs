//! The services over an emulator: a store of its own for each test, and a relay that hands on what the
//! records say.
#![allow(clippy::float_arithmetic, reason = "DynamoDB counts what is used in such numbers")]

use std::future::Future;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use kernel::context::CorrelationId;
use kernel::event::Capture;
use kernel::manifest::ServiceManifest;
use kernel::text::MerchantId;
use kernel::{
    Amount, Caller, Clock, Context, Currency, Decision, Envelope, Id, Known, PaymentId, Record,
    Role, Store, Subject, Time, WalletId,
};
use payment::decide::RequestPayment;
use payment::records::Payment;
use store_dynamodb::emulator::{Emulator, NOT_BUILT, create, skipped};
use store_dynamodb::items::Item;
use store_dynamodb::tables::tables;
use store_dynamodb::{DynamoStore, Observer, Options, Waits};
use tokio::runtime::Builder;
use wallet::decide::{Credit, Movement, Note, OpenWallet};
use wallet::records::Entry;

pub(crate) static SERVICES: [&ServiceManifest; 3] =
    [&wallet::MANIFEST, &payment::MANIFEST, &loan::MANIFEST];

/// The emulator of this process; none where it was not built.
pub(crate) fn emulator() -> Option<&'static Emulator> {
    static RUNNING: OnceLock<Option<Emulator>> = OnceLock::new();
    RUNNING.get_or_init(|| Emulator::start().unwrap()).as_ref()
}

/// Runs a test over a store of its own, or says that it is skipped.
pub(crate) fn over_dynamodb<F: Future<Output = ()>>(
    observer: Option<Arc<dyn Observer>>,
    test: impl FnOnce(Scene) -> F,
) {
    let Some(emulator) = emulator() else {
        return skipped(NOT_BUILT);
    };
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        test(Scene::open(emulator, observer).await).await;
    });
}

/// A clock that is moved by hand.
pub(crate) struct HandClock(AtomicI64);

impl Clock for HandClock {
    fn now(&self) -> Time {
        Time::from_micros(self.0.load(Ordering::SeqCst))
    }
}

impl HandClock {
    pub(crate) fn pass(&self, time: Duration) {
        self.0.fetch_add(i64::try_from(time.as_micros()).unwrap(), Ordering::SeqCst);
    }
}

pub(crate) struct Scene {
    pub(crate) store: Store,
    pub(crate) clock: Arc<HandClock>,
    client: Client,
    prefix: String,
}

impl Scene {
    async fn open(emulator: &Emulator, observer: Option<Arc<dyn Observer>>) -> Self {
        static OPENED: AtomicU64 = AtomicU64::new(0);
        let number = OPENED.fetch_add(1, Ordering::SeqCst);
        // Another process may use the same emulator.
        let prefix = format!("scene{}n{number}", std::process::id());
        let tables = tables(&SERVICES);
        let client = emulator.client();
        create(&client, &prefix, &tables).await.unwrap();
        let clock = Arc::new(HandClock(AtomicI64::new(1_767_225_600_000_000)));
        // However busy the machine is, nobody gives up.
        let waits = Waits { deadline: Duration::from_secs(60 * 60), ..Waits::default() };
        let options = Options {
            clock: clock.clone(),
            waits,
            observer,
            ..Options::new(client.clone(), &prefix, tables)
        };
        let store = Arc::new(DynamoStore::new(options));
        Self { store: Store::new(store), clock, client, prefix }
    }

    pub(crate) async fn decide<D: Decision>(&self, decision: D) -> D::Outcome {
        let context = Context::request(CorrelationId(7), None);
        self.store.decide(decision, context).await.unwrap()
    }

    /// A wallet with so many cents in it.
    pub(crate) async fn wallet(&self, owner: &str, cents: u64) -> WalletId {
        let (owner, currency) = (Subject::new(owner).unwrap(), Currency::USD);
        let opened = self.decide(OpenWallet { owner, currency, key: None }).await.unwrap();
        let wallet_id = opened.account_id.wallet().unwrap();
        self.decide(Credit(movement("root", Role::Operator, wallet_id, cents))).await.unwrap();
        // What was opened long ago was refused to nobody.
        self.clock.pass(Duration::from_secs(60));
        wallet_id
    }

    pub(crate) async fn pay(&self, wallet_id: WalletId, cents: u64) -> PaymentId {
        self.decide(payment(wallet_id, cents)).await.unwrap().payment_id
    }

    /// The item of an id as it lies in a service's table.
    pub(crate) async fn item(&self, service: &str, id: impl Id, sequence: u64) -> Item {
        let got = self.client.get_item().table_name(format!("{}-{service}", self.prefix));
        let got = got.key("id", AttributeValue::S(id.to_string()));
        let got = got.key("sequence", AttributeValue::N(sequence.to_string()));
        got.send().await.unwrap().item.unwrap()
    }

    /// Requests and read units that it takes to read a service's table once, in so many segments.
    pub(crate) async fn read_whole(&self, service: &str, segments: i32) -> (u64, f64) {
        let (mut requests, mut units) = (0, 0.0);
        for segment in 0..segments {
            let mut start = None;
            loop {
                let sent = self.client.scan().table_name(format!("{}-{service}", self.prefix));
                let sent = sent.segment(segment).total_segments(segments).limit(1_000);
                let sent = sent.set_exclusive_start_key(start).consistent_read(true);
                let total = ReturnConsumedCapacity::Total;
                let got = sent.return_consumed_capacity(total).send().await.unwrap();
                requests += 1;
                units += got.consumed_capacity.unwrap().capacity_units.unwrap();
                start = got.last_evaluated_key;
                if start.is_none() {
                    break;
                }
            }
        }
        (requests, units)
    }

    pub(crate) async fn payment(&self, id: PaymentId) -> Known<Payment> {
        self.store.get::<Payment>(id).await.unwrap().unwrap()
    }

    pub(crate) async fn head(&self, of: WalletId) -> Known<Entry> {
        self.store.head::<Entry>(of.into()).await.unwrap().unwrap()
    }

    /// Gives what a record says to everybody who hears it, as a relay and topics do.
    pub(crate) async fn relay<R: Record>(&self, known: &Known<R>) {
        for said in known.said.iter() {
            let event = Envelope::build(&*known.record, said).unwrap();
            self.hear(&event).await;
        }
    }

    pub(crate) async fn hear(&self, event: &Envelope) {
        let all = SERVICES.iter().flat_map(|service| service.subscriptions);
        for subscription in all.filter(|one| one.hears.contains(&event.kind())) {
            let decision = (subscription.react)(event).unwrap();
            self.store.port().decide(decision, event.context()).await.unwrap();
        }
    }
}

pub(crate) fn payment(wallet_id: WalletId, cents: u64) -> RequestPayment {
    RequestPayment {
        wallet_id,
        merchant_id: MerchantId::new("books").unwrap(),
        amount: usd(cents),
        capture: Capture::Automatic,
        description: None,
        reference: None,
        hold_life: Duration::from_secs(60),
        caller: caller("alice", Role::Customer),
        key: None,
    }
}

pub(crate) fn usd(cents: u64) -> Amount {
    Amount::from_minor(cents, Currency::USD).unwrap()
}

pub(crate) fn caller(sub: &str, role: Role) -> Caller {
    Caller { sub: Subject::new(sub).unwrap(), role }
}

pub(crate) fn movement(sub: &str, role: Role, wallet_id: WalletId, cents: u64) -> Movement {
    let (caller, amount) = (caller(sub, role), usd(cents));
    Movement { caller, wallet_id, amount, note: Note::default(), key: None }
}
