//! Which function this is, by its name. Every service of AWS is named here and nowhere else in this
//! crate; a new one is added here. Not in here: what the functions do.

use std::any::Any;

use http_api::Routes;
use kernel::manifest::{Due, Operation, ServiceManifest, Subscription};
use loan::rate::RateTable;

/// What every service declares.
pub static SERVICES: [&ServiceManifest; 4] =
    [&wallet::MANIFEST, &payment::MANIFEST, &loan::MANIFEST, &operations::MANIFEST_ON_AWS];

/// The name of the function that checks the whole ledger.
pub const VERIFY_LEDGER: &str = "verify_ledger";

/// The name of the function that makes records of dead letters.
pub const KEEP_DEAD_LETTERS: &str = "keep_dead_letters";

/// The name of the function that keeps the keys of the provider of sign-in.
pub const KEEP_SIGNING_KEYS: &str = "keep_signing_keys";

/// What stands before a service's name in the name of its relay.
pub const RELAY: &str = "relay_";

/// One of the functions of the system.
#[derive(Debug, Clone, Copy)]
pub enum Function {
    /// A route behind the gateway.
    Operation(&'static ServiceManifest, &'static Operation),
    /// A subscription to a topic.
    Subscription(&'static ServiceManifest, &'static Subscription),
    /// From the stream of a service's table to the topics.
    Relay(&'static ServiceManifest),
    /// What the clock does.
    Due(&'static Due),
    /// The check of the whole ledger.
    VerifyLedger,
    /// From the queues of what failed to records.
    KeepDeadLetters,
    /// From the provider of sign-in to a record.
    KeepSigningKeys,
}

impl Function {
    /// Every function.
    pub fn all() -> impl Iterator<Item = Self> {
        SERVICES.into_iter().flat_map(of_service).chain([
            Self::VerifyLedger,
            Self::KeepDeadLetters,
            Self::KeepSigningKeys,
        ])
    }

    /// The function of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::all().find(|function| function.is_named(name))
    }

    /// Its name.
    pub fn name(self) -> String {
        match self {
            Self::Operation(_, operation) => operation.name.to_owned(),
            Self::Subscription(_, subscription) => subscription.name.to_owned(),
            Self::Relay(service) => format!("{RELAY}{}", service.name),
            Self::Due(due) => due.name.to_owned(),
            Self::VerifyLedger => VERIFY_LEDGER.to_owned(),
            Self::KeepDeadLetters => KEEP_DEAD_LETTERS.to_owned(),
            Self::KeepSigningKeys => KEEP_SIGNING_KEYS.to_owned(),
        }
    }

    fn is_named(self, name: &str) -> bool {
        match self {
            Self::Operation(_, operation) => operation.name == name,
            Self::Subscription(_, subscription) => subscription.name == name,
            Self::Relay(service) => name.strip_prefix(RELAY) == Some(service.name),
            Self::Due(due) => due.name == name,
            Self::VerifyLedger => name == VERIFY_LEDGER,
            Self::KeepDeadLetters => name == KEEP_DEAD_LETTERS,
            Self::KeepSigningKeys => name == KEEP_SIGNING_KEYS,
        }
    }
}

/// The name on AWS of a function of the manifest, in a deployment of that prefix.
pub(crate) fn deployed_name(prefix: &str, function: &str) -> String {
    format!("{prefix}-{}", function.replace('_', "-"))
}

/// The function whose queue of letters has that name: `<deployed name>-<what lies in it>`.
pub(crate) fn of_queue(prefix: &str, queue: &str) -> Option<Function> {
    let (deployed, _) = queue.rsplit_once('-')?;
    Function::all().find(|function| deployed_name(prefix, &function.name()) == deployed)
}

/// Whether an answer that a saga waited for ended the wait now. One that was heard before did not.
pub(crate) fn is_news(outcome: &dyn Any) -> bool {
    let payment = outcome.downcast_ref::<payment::decide::Heard>();
    let loan = outcome.downcast_ref::<loan::decide::Heard>();
    payment == Some(&payment::decide::Heard::Noted) || loan == Some(&loan::decide::Heard::Noted)
}

fn of_service(service: &'static ServiceManifest) -> impl Iterator<Item = Function> {
    let operations = service.operations.iter();
    let subscriptions = service.subscriptions.iter();
    // A service that says nothing has nothing to relay.
    let relay = (!service.says.is_empty()).then_some(Function::Relay(service));
    operations
        .map(move |operation| Function::Operation(service, operation))
        .chain(subscriptions.map(move |heard| Function::Subscription(service, heard)))
        .chain(relay)
        .chain(service.due.iter().map(Function::Due))
}

/// The routes of the service alone to which the operation belongs: what is not needed is not made.
pub(crate) fn routes(service: &ServiceManifest, loan_rates: &RateTable) -> Routes {
    if service.name == wallet::MANIFEST.name {
        wallet::routes()
    } else if service.name == payment::MANIFEST.name {
        payment::routes()
    } else if service.name == loan::MANIFEST.name {
        loan::routes(loan_rates.clone())
    } else {
        operations::routes()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_function_is_found_by_its_name() {
        let mut names = HashSet::new();
        for function in Function::all() {
            let name = function.name();
            assert!(names.insert(name.clone()), "two functions are named {name}");
            let found = Function::named(&name).map(Function::name);
            assert_eq!(found, Some(name));
        }
        for expected in ["create_wallet", "process_payment_request", "relay_wallet", "expire_holds"]
        {
            assert!(names.contains(expected), "{expected}");
        }
        assert!(Function::named("relay_operations").is_none(), "it says nothing");
        assert!(Function::named("").is_none());
    }

    #[test]
    fn every_operation_has_its_route() {
        for function in Function::all() {
            if let Function::Operation(service, operation) = function {
                let routes = routes(service, &RateTable::default()).only(operation.name);
                assert_eq!(routes.operations().len(), 1, "{}", operation.name);
            }
        }
    }
}
