//! Every service of the program: what they declare and their routes, put together. A new service is
//! added here and nowhere else in the program.

use http_api::Routes;
use kernel::audit::AuditLine;
use kernel::manifest::{Due, ServiceManifest};
use kernel::{Kind, Record};
use loan::rate::RateTable;
use store_embedded::bus::Subscriber;
use store_embedded::policy::PolicyRefused;

/// What every service declares.
pub(crate) static SERVICES: [&ServiceManifest; 4] =
    [&wallet::MANIFEST, &payment::MANIFEST, &loan::MANIFEST, &operations::MANIFEST];

/// What is declared for this program alone, and has neither functions nor tables on AWS.
pub(crate) static HERE_ALONE: &ServiceManifest = &identity::MANIFEST;

/// Every kind of record that is kept.
pub(crate) fn kinds() -> Vec<&'static Kind> {
    kinds_in_both().chain(HERE_ALONE.kinds.iter().copied()).collect()
}

/// The kinds that are kept in both homes.
pub(crate) fn kinds_in_both() -> impl Iterator<Item = &'static Kind> {
    let of_services = SERVICES.iter().flat_map(|service| service.kinds.iter().copied());
    of_services.chain([AuditLine::KIND])
}

/// Everybody who hears events.
///
/// # Errors
/// When a subscription's filter policy is one that SNS would refuse.
pub(crate) fn subscribers() -> Result<Vec<Subscriber>, PolicyRefused> {
    let subscriptions = SERVICES.iter().flat_map(|service| service.subscriptions);
    subscriptions.map(Subscriber::of).collect()
}

/// Everything that the clock does.
pub(crate) fn due() -> impl Iterator<Item = &'static Due> {
    SERVICES.iter().flat_map(|service| service.due)
}

/// Every route of both homes. Loans have these rates. Those of the program's own accounts are
/// `identity::routes`.
pub(crate) fn routes(loan_rates: RateTable) -> Routes {
    Routes::new()
        .merge(wallet::routes())
        .merge(payment::routes())
        .merge(loan::routes(loan_rates))
        .merge(operations::routes())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn what_the_services_declare_fits_together() {
        let kinds = kinds();
        let names: HashSet<_> = kinds.iter().map(|kind| kind.name).collect();
        assert_eq!(names.len(), kinds.len(), "two kinds have one name");
        let subscribers = subscribers().unwrap();
        let names: HashSet<_> = subscribers.iter().map(|subscriber| &subscriber.name).collect();
        assert_eq!(names.len(), subscribers.len(), "two subscriptions have one name");
        for due in due() {
            assert!(kinds.contains(&due.kind), "{}", due.name);
            assert!(due.kind.indexes.iter().any(|index| index.name == due.index), "{}", due.name);
        }
    }

    #[test]
    fn every_declared_operation_has_a_route() {
        let routes = routes(RateTable::default());
        let served: HashSet<_> = routes.operations().iter().map(|served| served.name).collect();
        for operation in SERVICES.iter().flat_map(|service| service.operations) {
            assert!(served.contains(operation.name), "{} has no route", operation.name);
        }
    }
}
