//! What a function is told by its environment: which it is, its tables, topics, keys and the settings
//! of the deployment. Everything that is wrong or missing is named at the start.

use std::time::Duration;

use http_api::Settings as Deployed;
use kernel::{Currency, Topic};
use loan::rate::RateTable;
use store_dynamodb::Aws;
use tokens::{Family, Policy};

use crate::failure::Failure;
use crate::function::Function;
use crate::gateway::Edge;

/// Days that money is held, at most.
const HOLD_DAYS_MAX: u64 = 365;

/// Seconds that a caller may wait for a saga's end, at most.
const WAIT_SECONDS_MAX: u64 = 10;

/// What a function is told.
pub struct Settings {
    /// The name of the function, `_HANDLER`.
    pub function: String,
    /// What stands before the name of every table: `<prefix>-<service>`.
    pub table_prefix: String,
    /// The topic's ARN for payment events, where this function publishes there.
    pub payment_events: Option<String>,
    /// The topic's ARN for loan events, where this function publishes there.
    pub loan_events: Option<String>,
    /// Whose tokens are trusted.
    pub policy: Policy,
    /// The settings of the routes.
    pub deployed: Deployed,
    /// The rates of loans.
    pub loan_rates: RateTable,
    /// The edge before the gateway, if there is one.
    pub edge: Option<Edge>,
    /// How AWS is reached.
    pub aws: Aws,
}

/// Where settings come from: a variable's value by its name, none if it is not there.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

impl Settings {
    /// From the environment.
    ///
    /// # Errors
    /// When one is missing or cannot be read; it is named.
    pub fn read(lookup: Lookup<'_>) -> Result<Self, Failure> {
        let function = required(lookup, "_HANDLER")?;
        let deployed = deployed(lookup, answers(&function))?;
        Ok(Self {
            function,
            table_prefix: required(lookup, "TABLE_PREFIX")?,
            payment_events: optional(lookup, "TOPIC_PAYMENT_EVENTS"),
            loan_events: optional(lookup, "TOPIC_LOAN_EVENTS"),
            policy: policy(lookup)?,
            deployed,
            loan_rates: parsed(lookup, "LOAN_RATES", RateTable::default())?,
            edge: edge(lookup)?,
            aws: Aws::read(lookup).map_err(|error| Failure::Start(error.to_string()))?,
        })
    }

    /// The ARN of a topic.
    ///
    /// # Errors
    /// When this function was not told it.
    pub fn topic(&self, topic: Topic) -> Result<&str, Failure> {
        let (arn, variable) = match topic {
            Topic::Payment => (&self.payment_events, "TOPIC_PAYMENT_EVENTS"),
            Topic::Loan => (&self.loan_events, "TOPIC_LOAN_EVENTS"),
        };
        arn.as_deref().ok_or_else(|| missing(variable))
    }
}

/// Tokens of a pool of Amazon Cognito, for one of its clients.
fn policy(lookup: Lookup<'_>) -> Result<Policy, Failure> {
    let issuer = required(lookup, "TOKEN_ISSUER")?;
    let clients = required(lookup, "TOKEN_CLIENTS")?;
    let clients: Vec<_> = clients.split(',').map(str::to_owned).collect();
    Policy::new(&issuer, &clients, Family::Cognito)
        .map_err(|bad| wrong("TOKEN_ISSUER or TOKEN_CLIENTS", &bad.to_string()))
}

/// Whether a function of that name answers requests.
fn answers(function: &str) -> bool {
    matches!(Function::named(function), Some(Function::Operation(..)))
}

/// Who answers no requests signs no cursors, and is not told by what.
fn deployed(lookup: Lookup<'_>, answers: bool) -> Result<Deployed, Failure> {
    let days = parsed(lookup, "HOLD_DAYS", 7)?;
    if !(1..=HOLD_DAYS_MAX).contains(&days) {
        return Err(wrong("HOLD_DAYS", &format!("it must be from 1 to {HOLD_DAYS_MAX}")));
    }
    let wait = parsed(lookup, "WAIT_SECONDS", 0)?;
    if wait > WAIT_SECONDS_MAX {
        return Err(wrong("WAIT_SECONDS", &format!("it must be at most {WAIT_SECONDS_MAX}")));
    }
    let key = if answers { cursor_key(&required(lookup, "CURSOR_KEY")?)? } else { [0; 32] };
    Ok(Deployed {
        self_funding: parsed(lookup, "SELF_FUNDING", false)?,
        default_currency: parsed(lookup, "DEFAULT_CURRENCY", Currency::USD)?,
        wait_max: Duration::from_secs(wait),
        hold_life: Duration::from_secs(days.saturating_mul(24 * 60 * 60)),
        ..Deployed::new(key)
    })
}

/// It is there where its secret is.
fn edge(lookup: Lookup<'_>) -> Result<Option<Edge>, Failure> {
    let is_enforced = parsed(lookup, "EDGE_ENFORCED", false)?;
    match optional(lookup, "EDGE_SECRET") {
        Some(secret) => Ok(Some(Edge { secret, is_enforced })),
        None if is_enforced => Err(missing("EDGE_SECRET")),
        None => Ok(None),
    }
}

/// 32 bytes in hexadecimal. What was there instead is not told: it is a secret.
fn cursor_key(hex: &str) -> Result<[u8; 32], Failure> {
    let refused = || wrong("CURSOR_KEY", "it must be 64 hexadecimal digits");
    if hex.len() != 64 || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(refused());
    }
    let mut key = [0; 32];
    for (byte, pair) in key.iter_mut().zip(hex.as_bytes().chunks_exact(2)) {
        let pair = std::str::from_utf8(pair).map_err(|_| refused())?;
        *byte = u8::from_str_radix(pair, 16).map_err(|_| refused())?;
    }
    Ok(key)
}

/// An empty variable is as if it were not there.
fn optional(lookup: Lookup<'_>, name: &str) -> Option<String> {
    lookup(name).filter(|value| !value.is_empty())
}

fn required(lookup: Lookup<'_>, name: &str) -> Result<String, Failure> {
    optional(lookup, name).ok_or_else(|| missing(name))
}

fn parsed<T: std::str::FromStr>(lookup: Lookup<'_>, name: &str, or: T) -> Result<T, Failure> {
    let Some(text) = optional(lookup, name) else { return Ok(or) };
    text.parse().map_err(|_| wrong(name, &format!("{text:?} cannot be read")))
}

fn missing(name: &str) -> Failure {
    Failure::Start(format!("the environment variable {name} is missing"))
}

fn wrong(name: &str, why: &str) -> Failure {
    Failure::Start(format!("the environment variable {name} is wrong: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(changes: &[(&str, &str)]) -> Result<Settings, String> {
        let key = "0f".repeat(32);
        let given = |name: &str| {
            let changed = changes.iter().find(|(changed, _)| *changed == name);
            let usual = match name {
                "_HANDLER" => Some("create_wallet"),
                "TABLE_PREFIX" => Some("fintech"),
                "CURSOR_KEY" => Some(key.as_str()),
                "TOKEN_ISSUER" => Some("https://cognito-idp.us-east-1.amazonaws.com/us-east-1_AbC"),
                "TOKEN_CLIENTS" => Some("people,services"),
                "AWS_REGION" => Some("us-east-1"),
                "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("test"),
                _ => None,
            };
            changed.map(|(_, value)| *value).or(usual).map(str::to_owned)
        };
        Settings::read(&given).map_err(|failure| failure.to_string())
    }

    #[test]
    fn the_defaults_are_those_of_a_deployment() {
        let settings = read(&[]).unwrap();
        assert!(!settings.deployed.self_funding);
        assert_eq!(settings.deployed.wait_max, Duration::ZERO);
        assert_eq!(settings.deployed.cursor_key, [0x0f; 32]);
        assert_eq!(settings.aws.credentials[2], "");
        assert!(settings.edge.is_none());
    }

    #[test]
    fn only_who_answers_requests_needs_to_sign_cursors() {
        let other = ("_HANDLER", "process_payment_request");
        assert!(read(&[other, ("CURSOR_KEY", "")]).is_ok());
    }

    #[test]
    fn an_edge_that_is_enforced_has_a_secret() {
        let edge = |changes: &[(&str, &str)]| read(changes).map(|settings| settings.edge);
        let known = edge(&[("EDGE_SECRET", "0f1e")]).unwrap().unwrap();
        assert!(known.secret == "0f1e" && !known.is_enforced);
        let known = edge(&[("EDGE_SECRET", "0f1e"), ("EDGE_ENFORCED", "true")]).unwrap().unwrap();
        assert!(known.is_enforced);
    }

    #[track_caller]
    fn check(name: &str, value: &str, expected: &str) {
        let failure = read(&[(name, value)]).err().unwrap();
        assert!(failure.contains(name) && failure.contains(expected), "{failure}");
    }

    #[test]
    fn what_is_wrong_or_missing_is_named() {
        check("_HANDLER", "", "missing");
        check("TABLE_PREFIX", "", "missing");
        check("CURSOR_KEY", "", "missing");
        check("CURSOR_KEY", "0f", "64 hexadecimal digits");
        check("CURSOR_KEY", &"+f".repeat(32), "64 hexadecimal digits");
        check("TOKEN_ISSUER", "", "missing");
        check("TOKEN_ISSUER", "http://sso.example", "must be an https URL");
        check("TOKEN_CLIENTS", "", "missing");
        check("TOKEN_CLIENTS", "people,", "name an audience");
        check("AWS_REGION", "", "missing");
        check("HOLD_DAYS", "0", "from 1 to 365");
        check("HOLD_DAYS", "many", "cannot be read");
        check("WAIT_SECONDS", "11", "at most 10");
        check("SELF_FUNDING", "yes", "cannot be read");
        check("DEFAULT_CURRENCY", "XYZ?", "cannot be read");
        check("LOAN_RATES", "x", "cannot be read");
        check("EDGE_ENFORCED", "yes", "cannot be read");
        let failure = read(&[("EDGE_ENFORCED", "true")]).err().unwrap();
        assert!(failure.contains("EDGE_SECRET is missing"), "{failure}");
        let settings = read(&[("TOPIC_LOAN_EVENTS", "arn:loan")]).unwrap();
        assert_eq!(settings.topic(Topic::Loan).unwrap(), "arn:loan");
        assert!(settings.topic(Topic::Payment).unwrap_err().to_string().contains("TOPIC_PAYMENT"));
    }
}
