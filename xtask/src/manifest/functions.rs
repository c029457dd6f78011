//! The functions: one an operation, one a subscription, one relay a service that says something, one
//! for each thing that the clock does; each with its trigger and the least that it needs. What they do
//! stands in the services, what else they are given in Terraform.

use std::collections::{BTreeMap, BTreeSet};

use kernel::audit::Audit;
use kernel::manifest::{Due, Operation, ServiceManifest, Subscription, Who};
use kernel::{Kind, Record};
use operations::said;
use serde::Serialize;
use serde_json::Value;

use super::access::Access;

/// The scope of people; what they may do with it, their groups say.
const SCOPE_OF_PEOPLE: &str = "fintech/api";
/// Stands before the scopes of services: the resource server's identifier.
const SCOPE_PREFIX: &str = "fintech/";
/// How often the clock's functions are asked.
const EVERY_MINUTE: &str = "rate(1 minute)";
/// How often the whole ledger is checked.
const EVERY_DAY: &str = "rate(1 day)";
/// The check of the whole ledger, which no service declares: it looks at all of them.
const VERIFY_LEDGER: &str = "verify_ledger";

/// A function, with what makes it run and what it may do.
#[derive(Debug, Serialize)]
pub(super) struct Function {
    service: &'static str,
    trigger: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    route: Option<Route>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subscription: Option<Heard>,
    #[serde(skip_serializing_if = "Option::is_none")]
    schedule: Option<&'static str>,
    #[serde(flatten)]
    pub(super) access: Access,
    /// The topics on which it publishes.
    publishes: BTreeSet<&'static str>,
}

#[derive(Debug, Serialize)]
struct Route {
    method: &'static str,
    path: String,
    /// A token needs one of these; none: it needs no token.
    scopes: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Heard {
    topic: &'static str,
    filter_policy: Value,
}

/// All of them, by their names, which are unique in the whole system.
pub(super) fn of(services: &[&'static ServiceManifest]) -> BTreeMap<String, Function> {
    let mut functions = BTreeMap::new();
    for service in services {
        let routes = service
            .operations
            .iter()
            .map(|operation| (operation.name.to_owned(), on_route(service, operation, services)));
        functions.extend(routes);
        let subscriptions = service.subscriptions.iter();
        functions.extend(subscriptions.map(|one| (one.name.to_owned(), on_topic(service, one))));
        let due = service.due.iter();
        functions.extend(due.map(|due| (due.name.to_owned(), on_schedule(service, due))));
        if !service.says.is_empty() {
            functions.insert(format!("relay_{}", service.name), relay(service));
        }
    }
    functions.insert(VERIFY_LEDGER.to_owned(), check_of_all(services));
    functions
}

fn on_route(
    service: &ServiceManifest,
    operation: &Operation,
    services: &[&'static ServiceManifest],
) -> Function {
    let mut access = Access::default();
    for kind in operation.reads {
        access.reads(kind, &owners(kind, service, services));
    }
    for kind in operation.writes {
        access.writes(owner(kind, service));
    }
    if !operation.writes.is_empty() {
        operation.reads.iter().for_each(|kind| access.finds_requests(kind));
    }
    for (kind, index) in operation.lists {
        access.lists(kind, index, &owners(kind, service, services));
    }
    for reads in said::READS.iter().filter(|reads| operation.events_of.contains(&reads.about)) {
        reads.kinds.iter().for_each(|kind| access.reads(kind, &[kind.service]));
        let lists = reads.lists.iter();
        lists.for_each(|(kind, index)| access.lists(kind, index, &[kind.service]));
    }
    let path = format!("{}{}", http_api::BASE, operation.path);
    let route = Route { method: operation.method.text(), path, scopes: scopes(operation) };
    Function { route: Some(route), access, ..Function::new(service, "route") }
}

fn on_topic(service: &ServiceManifest, subscription: &Subscription) -> Function {
    let mut access = Access::default();
    for kind in subscription.writes {
        access.reads(kind, &[owner(kind, service)]);
        access.writes(owner(kind, service));
    }
    let heard =
        Heard { topic: subscription.topic.name(), filter_policy: subscription.filter_policy() };
    Function { subscription: Some(heard), access, ..Function::new(service, "subscription") }
}

/// What is decided of a record that is due may touch whatever else its service keeps.
fn on_schedule(service: &ServiceManifest, due: &Due) -> Function {
    let mut access = Access::default();
    for kind in service.kinds {
        access.reads(kind, &[owner(kind, service)]);
        access.writes(owner(kind, service));
    }
    access.lists(due.kind, due.index, &[owner(due.kind, service)]);
    Function { schedule: Some(EVERY_MINUTE), access, ..Function::new(service, "schedule") }
}

/// It reads every record of every service, and again by key what seems to be missing.
fn check_of_all(services: &[&'static ServiceManifest]) -> Function {
    let mut access = Access::default();
    for service in services {
        access.scans(service.name);
        // The audit list is in every table.
        let kinds = service.kinds.iter().copied().chain([Audit::KIND]);
        kinds.for_each(|kind| access.reads(kind, &[service.name]));
    }
    let schedule = Some(EVERY_DAY);
    Function { schedule, access, ..Function::new(&operations::MANIFEST, "schedule") }
}

/// It reads its service's stream, which Terraform lets it, and nothing else.
fn relay(service: &ServiceManifest) -> Function {
    let publishes = service.says.iter().map(|kind| kind.topic().name()).collect();
    Function { publishes, ..Function::new(service, "stream") }
}

impl Function {
    fn new(service: &ServiceManifest, trigger: &'static str) -> Self {
        Self {
            service: service.name,
            trigger,
            route: None,
            subscription: None,
            schedule: None,
            access: Access::default(),
            publishes: BTreeSet::new(),
        }
    }
}

/// In whose table a function of `service` writes a kind: a kind that everybody writes lies in the
/// table of who wrote it.
fn owner(kind: &Kind, service: &ServiceManifest) -> &'static str {
    if kind.service == Audit::KIND.service { service.name } else { kind.service }
}

/// In whose tables a function of `service` reads a kind: one that everybody writes is looked at in
/// all of them by who keeps nothing himself.
fn owners(
    kind: &Kind,
    service: &ServiceManifest,
    services: &[&'static ServiceManifest],
) -> Vec<&'static str> {
    let is_everybodys = kind.service == Audit::KIND.service;
    if is_everybodys && service.kinds.is_empty() {
        services.iter().map(|service| service.name).collect()
    } else {
        vec![owner(kind, service)]
    }
}

/// A person's token has the one scope; whether he is an operator, his groups say.
fn scopes(operation: &Operation) -> Vec<String> {
    let mut scopes = Vec::new();
    for who in operation.who {
        let scope = match who {
            Who::Nobody => continue,
            Who::Owner | Who::Operator => SCOPE_OF_PEOPLE.to_owned(),
            Who::Service(scope) => format!("{SCOPE_PREFIX}{scope}"),
        };
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    scopes
}
