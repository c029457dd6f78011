//! The bodies of answers and the filters of lists.

use std::collections::BTreeMap;

use http_api::Problem;
use kernel::operators::{DeadLetter, EventQuery};
use kernel::{Caller, Currency, Envelope, EventKind, Role, Subject, Time, Topic};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::records::{ClassSums, KeptBalance};
use crate::sagas::OpenSaga;
use crate::sums::decimal;
use crate::trial_balance::TrialBalance;

/// The caller.
#[derive(Debug, Serialize, ToSchema)]
pub struct Me {
    /// Who.
    #[schema(value_type = String)]
    pub sub: Subject,
    /// `customer`, `operator` or `service`.
    #[schema(example = "operator")]
    pub role: &'static str,
    /// What a service was given leave to do.
    pub scopes: Vec<String>,
}

impl From<&Caller> for Me {
    fn from(caller: &Caller) -> Self {
        let (role, scopes) = match &caller.role {
            Role::Customer => ("customer", Vec::new()),
            Role::Operator => ("operator", Vec::new()),
            Role::Service { scopes } => {
                ("service", scopes.iter().map(|scope| scope.to_string()).collect())
            }
        };
        Self { sub: caller.sub.clone(), role, scopes }
    }
}

/// The trial balance.
#[derive(Debug, Serialize, ToSchema)]
pub struct TrialBalanceShown {
    /// Everything booked before this moment is in.
    #[schema(value_type = String, format = DateTime)]
    pub as_of: Time,
    /// Each class of accounts in each of its currencies.
    pub accounts: Vec<ClassShown>,
    /// Each currency over all accounts: zero.
    pub currencies: Vec<SumShown>,
}

/// A class of accounts in a currency.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClassShown {
    /// `world`, `wallet`, `merchant`, `loan`, …
    #[schema(example = "wallet")]
    pub class: String,
    /// The currency.
    #[schema(example = "USD")]
    pub currency: &'static str,
    /// What they have together; signed.
    #[schema(example = "-25.50")]
    pub balance: String,
}

/// A currency over all accounts.
#[derive(Debug, Serialize, ToSchema)]
pub struct SumShown {
    /// The currency.
    #[schema(example = "USD")]
    pub currency: &'static str,
    /// The sum; signed.
    #[schema(example = "0.00")]
    pub sum: String,
}

impl From<&TrialBalance> for TrialBalanceShown {
    fn from(trial: &TrialBalance) -> Self {
        Self::of(trial.as_of, trial.sums.by_class())
    }
}

impl From<&KeptBalance> for TrialBalanceShown {
    fn from(kept: &KeptBalance) -> Self {
        let ClassSums(sums) = &kept.classes;
        Self::of(kept.as_of, sums.iter().map(|sum| (&*sum.class, sum.currency, sum.minor)))
    }
}

impl TrialBalanceShown {
    fn of<'a>(as_of: Time, sums: impl Iterator<Item = (&'a str, Currency, i128)>) -> Self {
        let mut currencies = BTreeMap::<Currency, i128>::new();
        let mut accounts = Vec::new();
        for (class, currency, minor) in sums {
            let sum = currencies.entry(currency).or_default();
            *sum = sum.saturating_add(minor);
            let balance = decimal(minor, currency);
            accounts.push(ClassShown {
                class: class.to_owned(),
                currency: currency.code(),
                balance,
            });
        }
        let shown = |(currency, minor): (Currency, i128)| SumShown {
            currency: currency.code(),
            sum: decimal(minor, currency),
        };
        Self { as_of, accounts, currencies: currencies.into_iter().map(shown).collect() }
    }
}

/// How far a saga is that has not ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SagaState {
    /// It waits for an answer.
    Open,
    /// It waits for more than a quarter of an hour.
    Stuck,
}

/// Which sagas to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SagaFilter {
    /// `open` lists all that wait, `stuck` those alone that wait too long. All, if it is left out.
    pub state: Option<SagaState>,
}

/// A saga that has not ended.
#[derive(Debug, Serialize, ToSchema)]
pub struct SagaShown {
    /// Its name.
    #[schema(example = "payment")]
    pub saga: &'static str,
    /// The service whose record waits.
    #[schema(example = "payment")]
    pub service: &'static str,
    /// The record that waits.
    #[schema(example = "pay_01979e6c-4a3b-7c54-8d1e-2f3a4b5c6d7e")]
    pub id: String,
    /// Whether it waits too long.
    pub state: SagaState,
    /// Since when it waits.
    #[schema(value_type = String, format = DateTime)]
    pub waiting_since: Time,
    /// When it says its last event again.
    #[schema(value_type = String, format = DateTime)]
    pub speaks_at: Time,
}

impl SagaShown {
    pub(crate) fn of(open: &OpenSaga, now: Time) -> Self {
        Self {
            saga: open.saga,
            service: open.service,
            id: open.id.to_string(),
            state: if open.is_stuck(now) { SagaState::Stuck } else { SagaState::Open },
            waiting_since: open.waiting_since,
            speaks_at: open.speaks_at,
        }
    }
}

/// Which events to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EventFilter {
    /// Said on this topic: `payment_events` or `loan_events`.
    topic: Option<String>,
    /// Of this type, such as `PAYMENT_REQUESTED`.
    r#type: Option<String>,
    /// About this payment or loan.
    subject: Option<String>,
}

impl EventFilter {
    /// The query for what is to match.
    ///
    /// # Errors
    /// 400 naming the parameter that is no topic, type or id.
    pub(crate) fn read(&self) -> Result<EventQuery, Problem> {
        let topic_of = |text: &str| Topic::ALL.into_iter().find(|topic| topic.name() == text);
        let topic = parsed(self.topic.as_deref(), topic_of, "topic", || {
            let names = Topic::ALL.map(Topic::name);
            format!("is unknown; there are `{}`", names.join("` and `"))
        })?;
        let kind = parsed(self.r#type.as_deref(), EventKind::from_name, "type", || {
            "is no type of event, such as `PAYMENT_REQUESTED`".to_owned()
        })?;
        let subject = parsed(
            self.subject.as_deref(),
            |text| text.parse().ok(),
            "subject",
            || "is no id, such as `pay_01979e6c-4a3b-7c54-8d1e-2f3a4b5c6d7e`".to_owned(),
        )?;
        Ok(EventQuery { topic, kind, subject, ..EventQuery::default() })
    }
}

fn parsed<T>(
    text: Option<&str>,
    parse: impl Fn(&str) -> Option<T>,
    field: &'static str,
    refused: impl Fn() -> String,
) -> Result<Option<T>, Problem> {
    let Some(text) = text else { return Ok(None) };
    parse(text).map(Some).ok_or_else(|| Problem::bad_field(field, refused()))
}

/// An event as it travels: CloudEvents 1.0.
#[derive(Debug, Serialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = Object)]
pub struct EventShown(pub Envelope);

/// A message that could not be delivered.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeadLetterShown {
    /// By which it is redriven.
    pub dead_letter_id: String,
    /// The one subscription that could not hear it; on AWS also another function that failed.
    #[schema(example = "process_payment_request")]
    pub subscription: String,
    /// How often it was tried.
    pub attempts: u32,
    /// Why it failed last.
    pub reason: String,
    /// Since when it is dead.
    #[schema(value_type = String, format = DateTime)]
    pub at: Time,
    /// The message, where it is an event that can be read.
    pub event: Option<EventShown>,
    /// The message as it came, where it cannot be read.
    pub message: Option<String>,
}

impl From<DeadLetter> for DeadLetterShown {
    fn from(letter: DeadLetter) -> Self {
        Self {
            dead_letter_id: letter.id,
            subscription: letter.subscription.as_ref().to_owned(),
            attempts: letter.attempts,
            reason: letter.reason,
            at: letter.at,
            event: letter.event.map(EventShown),
            message: letter.message,
        }
    }
}

/// A dead letter that is on its way again.
#[derive(Debug, Serialize, ToSchema)]
pub struct Redriven {
    /// The letter's id.
    pub dead_letter_id: String,
    /// `WAITING`: its one subscriber gets it next.
    #[schema(example = "WAITING")]
    pub state: &'static str,
}
