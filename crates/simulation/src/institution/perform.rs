//! Acts become decisions. What came of one is told in words, so that two institutions can be
//! compared.

use std::fmt::{Debug, Display};
use std::sync::Arc;
use std::time::Duration;

use kernel::event::Capture;
use kernel::record::Hash32;
use kernel::text::{MerchantId, Reason};
use kernel::{
    Amount, Caller, Currency, Id, LoanId, PaymentId, RefundId, RequestKey, Role, Subject,
    TransferId,
};
use loan::decide::{Apply, Approve, Reject};
use loan::rate::RateTable;
use loan::terms::Terms;
use payment::decide::{CapturePayment, RefundPayment, RequestPayment, VoidPayment};
use wallet::decide::{
    ChangeStatus, Credit, Debit, Movement, Note, OpenWallet, Reverse, StatusChange, Transfer,
};
use wallet::records::Entry;

use super::{Act, By, Institution, What};

/// How long what is authorized is held: a week.
const HOLD_LIFE: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// What came of an act: what was done, or the refusal, in words.
pub type Came = Result<String, String>;

impl By {
    /// As a caller.
    pub fn caller(self) -> Caller {
        let sub = match self {
            Self::Alice => "alice",
            Self::Bob => "bob",
            Self::Operator => "olga",
            Self::Shop => "shop",
        };
        let role = match self {
            Self::Alice | Self::Bob => Role::Customer,
            Self::Operator => Role::Operator,
            Self::Shop => Role::Service { scopes: Arc::from([Box::from("payments")]) },
        };
        Caller { sub: Subject::new(sub).unwrap(), role }
    }
}

/// Cents of the dollar.
pub(crate) fn usd(cents: u64) -> Amount {
    Amount::from_minor(cents, Currency::USD).unwrap()
}

fn told<T: Debug, E: Debug>(outcome: Result<T, E>) -> Came {
    outcome.map(|done| format!("{done:?}")).map_err(|refused| format!("{refused:?}"))
}

/// Notes what came to be, once: a repeated request gives the same again.
fn note<I: PartialEq>(ids: &mut Vec<I>, id: I) {
    if !ids.contains(&id) {
        ids.push(id);
    }
}

impl Institution {
    /// Does something and says what came of it. Nothing is delivered by this.
    pub async fn act(&mut self, act: Act) -> Came {
        match act.what {
            What::OpenWallet => self.open_wallet(act, Currency::USD).await,
            What::OpenYenWallet => self.open_wallet(act, "JPY".parse().unwrap()).await,
            What::Credit { wallet, cents } => {
                told(self.decide(Credit(self.movement(act, wallet, cents))).await)
            }
            What::Debit { wallet, cents } => {
                told(self.decide(Debit(self.movement(act, wallet, cents))).await)
            }
            What::Transfer { from, to, cents } => {
                let movement = self.movement(act, from, cents);
                told(self.decide(Transfer { movement, to_wallet_id: self.wallet(to) }).await)
            }
            What::Reverse { wallet, sequence } => self.reverse(act, wallet, sequence).await,
            What::Freeze { wallet } => self.change(act, wallet, StatusChange::Freeze).await,
            What::Unfreeze { wallet } => self.change(act, wallet, StatusChange::Unfreeze).await,
            What::Close { wallet } => self.change(act, wallet, StatusChange::Close).await,
            What::Pay { wallet, cents, capture } => self.pay(act, wallet, cents, capture).await,
            What::CapturePayment { payment, cents } => {
                let (payment_id, caller, key) = self.of_payment(act, payment);
                let amount = cents.map(usd);
                told(self.decide(CapturePayment { payment_id, amount, caller, key }).await)
            }
            What::VoidPayment { payment } => {
                let (payment_id, caller, key) = self.of_payment(act, payment);
                told(self.decide(VoidPayment { payment_id, caller, key }).await)
            }
            What::RefundPayment { payment, cents } => self.refund(act, payment, cents).await,
            What::Apply { wallet, cents } => self.apply(act, wallet, cents).await,
            What::Approve { loan } => {
                let (loan_id, caller, key) = self.of_loan(act, loan);
                told(self.decide(Approve { key, caller, loan_id }).await)
            }
            What::Reject { loan } => {
                let (loan_id, caller, key) = self.of_loan(act, loan);
                let reason = Some(Reason::new("too much").unwrap());
                told(self.decide(Reject { key, caller, loan_id, reason }).await)
            }
            What::Pass { seconds } => {
                self.clock.pass(Duration::from_secs(seconds));
                self.tick().await;
                Ok(String::new())
            }
        }
    }

    /// As [`act`](Self::act), of what must succeed.
    pub async fn do_act(&mut self, act: Act) {
        let came = self.act(act).await;
        assert!(came.is_ok(), "{act:?}: {came:?}");
    }

    /// As [`act`](Self::act), of what must be refused; gives back the refusal's name.
    pub async fn refused(&mut self, act: Act) -> String {
        let refused = self.act(act).await.unwrap_err();
        refused.split([' ', '(']).next().unwrap_or_default().to_owned()
    }

    /// Of the operation and the ids in its path.
    fn key(act: Act, ids: &[&dyn Display]) -> Option<RequestKey> {
        let keyed = act.keyed?;
        let ids: Vec<_> = ids.iter().map(ToString::to_string).collect();
        let operation = [act.what.operation()].into_iter().chain(ids.iter().map(String::as_str));
        let operation: Vec<_> = operation.collect();
        let (sub, body) = (act.by.caller().sub, Hash32([keyed.body; 32]));
        Some(RequestKey::new(&sub, &operation, &format!("key-{}", keyed.key), body))
    }

    /// The movement that an act of that wallet makes.
    pub fn movement(&self, act: Act, wallet: usize, cents: u64) -> Movement {
        let wallet_id = self.wallet(wallet);
        Movement {
            caller: act.by.caller(),
            wallet_id,
            amount: usd(cents),
            note: Note::default(),
            key: Self::key(act, &[&wallet_id]),
        }
    }

    async fn open_wallet(&mut self, act: Act, currency: Currency) -> Came {
        let key = Self::key(act, &[]);
        let opened = self.decide(OpenWallet { owner: act.by.caller().sub, currency, key }).await;
        if let Ok(entry) = &opened {
            note(&mut self.wallets, entry.account_id.wallet().unwrap());
        }
        told(opened)
    }

    async fn reverse(&self, act: Act, wallet: usize, sequence: u64) -> Came {
        let wallet_id = self.wallet(wallet);
        let entry = self.store().get::<Entry>((wallet_id.into(), sequence)).await.unwrap();
        let transaction_id =
            entry.and_then(|entry| entry.transfer_id()).unwrap_or_else(|| TransferId::from_uuid(0));
        let key = Self::key(act, &[&wallet_id, &transaction_id]);
        let reason = Reason::new("by mistake").unwrap();
        let caller = act.by.caller();
        told(self.decide(Reverse { caller, wallet_id, transaction_id, reason, key }).await)
    }

    async fn change(&self, act: Act, wallet: usize, change: StatusChange) -> Came {
        let wallet_id = self.wallet(wallet);
        let key = Self::key(act, &[&wallet_id]);
        let (caller, reason) = (act.by.caller(), None);
        told(self.decide(ChangeStatus { caller, wallet_id, change, reason, key }).await)
    }

    async fn pay(&mut self, act: Act, wallet: usize, cents: u64, capture: Capture) -> Came {
        let requested = self.decide(self.payment_request(act, wallet, cents, capture)).await;
        if let Ok(payment) = &requested {
            note(&mut self.payments, payment.payment_id);
        }
        told(requested)
    }

    /// The payment that an act asks for.
    pub fn payment_request(
        &self,
        act: Act,
        wallet: usize,
        cents: u64,
        capture: Capture,
    ) -> RequestPayment {
        RequestPayment {
            wallet_id: self.wallet(wallet),
            merchant_id: MerchantId::new("books").unwrap(),
            amount: usd(cents),
            capture,
            description: None,
            reference: None,
            hold_life: HOLD_LIFE,
            caller: act.by.caller(),
            key: Self::key(act, &[]),
        }
    }

    fn of_payment(&self, act: Act, payment: usize) -> (PaymentId, Caller, Option<RequestKey>) {
        let nowhere = || PaymentId::named(&["no such payment"]);
        let payment_id = self.payments.get(payment).copied().unwrap_or_else(nowhere);
        let key = Self::key(act, &[&payment_id]);
        (payment_id, act.by.caller(), key)
    }

    async fn refund(&mut self, act: Act, payment: usize, cents: Option<u64>) -> Came {
        let (payment_id, caller, key) = self.of_payment(act, payment);
        let (description, reference) = (None, None);
        let amount = cents.map(usd);
        let request = RefundPayment { payment_id, amount, description, reference, caller, key };
        let requested = self.decide(request).await;
        if let Ok(refund) = &requested {
            note::<RefundId>(&mut self.refunds, refund.refund_id);
        }
        told(requested)
    }

    async fn apply(&mut self, act: Act, wallet: usize, cents: u64) -> Came {
        let terms = Terms::of(&RateTable::default(), usd(cents), 12).unwrap();
        let key = Self::key(act, &[]);
        let wallet_id = self.wallet(wallet);
        let applied = self.decide(Apply { key, caller: act.by.caller(), wallet_id, terms }).await;
        if let Ok(loan) = &applied {
            note::<LoanId>(&mut self.loans, loan.loan_id);
        }
        told(applied)
    }

    fn of_loan(&self, act: Act, loan: usize) -> (LoanId, Caller, Option<RequestKey>) {
        let nowhere = || LoanId::named(&["no such loan"]);
        let loan_id = self.loans.get(loan).copied().unwrap_or_else(nowhere);
        (loan_id, act.by.caller(), Self::key(act, &[&loan_id]))
    }
}
