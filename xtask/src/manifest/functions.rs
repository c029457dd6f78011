//! The functions: one an operation, one a subscription, one relay a service that says something, one
//! for each thing that the clock does, one that keeps what all these could not do, one that keeps the
//! keys of sign-in; each with its trigger and the least that it needs. What they do stands in the services, what else they are given
//! in Terraform.

use std::collections::{BTreeMap, BTreeSet};

use kernel::audit::AuditLine;
use kernel::manifest::{Due, Operation, ServiceManifest, Subscription, Who};
use kernel::{Kind, Record};
use operations::keys::SIGNING_KEYS;
use operations::manifest::REDRIVE_DEAD_LETTER;
use operations::records::{DeadLetter, KeptBalance};
use operations::said;
use serde::Serialize;
use serde_json::Value;

use super::access::Access;

/// The scope of people; what they may do with it, their groups say.
const SCOPE_OF_PEOPLE: &str = "fintech/api";
/// Stands before the scopes of services: the resource server's identifier.
const SCOPE_PREFIX: &str = "fintech/";
/// What makes a function run that is behind the gateway.
const ROUTE: &str = "route";
/// What makes a function run that hears events.
const SUBSCRIPTION: &str = "subscription";
/// What makes a relay run.
const STREAM: &str = "stream";
/// How often the clock's functions are asked.
const EVERY_MINUTE: &str = "rate(1 minute)";
/// How often the whole ledger is checked.
const EVERY_DAY: &str = "rate(1 day)";
/// The check of the whole ledger, which no service declares: it looks at all of them.
const VERIFY_LEDGER: &str = "verify_ledger";
/// What makes records of dead letters, which no service declares: they are everybody's.
const KEEP_DEAD_LETTERS: &str = "keep_dead_letters";
/// What keeps the keys of sign-in, which no service declares: everybody behind the gateway reads them.
const KEEP_SIGNING_KEYS: &str = "keep_signing_keys";
/// The queue of what a topic could not hand to its function.
const UNDELIVERED: &str = "undelivered";
/// The queue of what a function could not do, after all its attempts.
const FAILED: &str = "failed";

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
    /// Whether it reads everything there is, and so takes all the time that a function may, and memory.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    reads_everything: bool,
    #[serde(flatten)]
    pub(super) access: Access,
    /// The topics on which it publishes.
    publishes: BTreeSet<&'static str>,
    /// The functions that it calls.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    invokes: BTreeSet<String>,
    /// Whose queues of what could not be done it empties: functions, with their queues.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    letters: BTreeMap<String, BTreeSet<&'static str>>,
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
    functions.insert(KEEP_SIGNING_KEYS.to_owned(), keeper_of_keys());
    let keeper = keeper_of_letters(&functions);
    functions.insert(KEEP_DEAD_LETTERS.to_owned(), keeper);
    // Who hears events, and who says them.
    let takes = |function: &Function| [SUBSCRIPTION, STREAM].contains(&function.trigger);
    let takers = functions.iter().filter(|(_, function)| takes(function));
    let takers = takers.map(|(name, _)| name.clone()).collect();
    if let Some(redrive) = functions.get_mut(REDRIVE_DEAD_LETTER.name) {
        redrive.invokes = takers;
    }
    // Whoever writes them can sign in as whom he likes.
    for function in functions.values_mut() {
        function.access.spares(operations::MANIFEST.name, SIGNING_KEYS);
    }
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
        if kind.chain.is_some() {
            // Whoever appends to a chain reads its newest entry.
            access.reads(kind, &[owner(kind, service)]);
        }
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
    // To know who calls.
    access.reads_one(operations::MANIFEST.name, SIGNING_KEYS);
    let path = format!("{}{}", http_api::BASE, operation.path);
    let route = Route { method: operation.method.text(), path, scopes: scopes(operation) };
    Function { route: Some(route), access, ..Function::new(service, ROUTE) }
}

fn on_topic(service: &ServiceManifest, subscription: &Subscription) -> Function {
    let mut access = Access::default();
    for kind in subscription.writes {
        access.reads(kind, &[owner(kind, service)]);
        access.writes(owner(kind, service));
    }
    let heard =
        Heard { topic: subscription.topic.name(), filter_policy: subscription.filter_policy() };
    Function { subscription: Some(heard), access, ..Function::new(service, SUBSCRIPTION) }
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
        // Every table has a trail.
        let kinds = service.kinds.iter().copied().chain([AuditLine::KIND]);
        kinds.for_each(|kind| access.reads(kind, &[service.name]));
    }
    // What it found to be in all accounts it writes down.
    access.writes(owner(KeptBalance::KIND, &operations::MANIFEST));
    let (schedule, reads_everything) = (Some(EVERY_DAY), true);
    Function {
        schedule,
        reads_everything,
        access,
        ..Function::new(&operations::MANIFEST, "schedule")
    }
}

/// It writes one record, and reaches no other.
fn keeper_of_keys() -> Function {
    let mut access = Access::default();
    access.writes_one(operations::MANIFEST.name, SIGNING_KEYS);
    let schedule = Some(EVERY_MINUTE);
    Function { schedule, access, ..Function::new(&operations::MANIFEST, "schedule") }
}

/// It empties the queues of all the others, and writes what lay there into its own table.
fn keeper_of_letters(functions: &BTreeMap<String, Function>) -> Function {
    let mut access = Access::default();
    access.reads(DeadLetter::KIND, &[operations::MANIFEST.name]);
    access.writes(operations::MANIFEST.name);
    let queues = |function: &Function| match function.trigger {
        // Who is called by a caller tells him.
        ROUTE => BTreeSet::new(),
        SUBSCRIPTION => BTreeSet::from([FAILED, UNDELIVERED]),
        _ => BTreeSet::from([FAILED]),
    };
    let letters = functions.iter().map(|(name, function)| (name.clone(), queues(function)));
    let letters = letters.filter(|(_, queues)| !queues.is_empty()).collect();
    Function { access, letters, ..Function::new(&operations::MANIFEST, "queue") }
}

/// It reads its service's stream, which Terraform lets it; by key the record that it is to say again.
/// What it gives up it writes down as a dead letter, which names that record.
fn relay(service: &ServiceManifest) -> Function {
    let mut access = Access::default();
    access.gets(service.name);
    access.writes(operations::MANIFEST.name);
    let publishes = service.says.iter().map(|kind| kind.topic().name()).collect();
    Function { access, publishes, ..Function::new(service, STREAM) }
}

impl Function {
    fn new(service: &ServiceManifest, trigger: &'static str) -> Self {
        Self {
            service: service.name,
            trigger,
            route: None,
            subscription: None,
            schedule: None,
            reads_everything: false,
            access: Access::default(),
            publishes: BTreeSet::new(),
            invokes: BTreeSet::new(),
            letters: BTreeMap::new(),
        }
    }
}

/// In whose table a function of `service` writes a kind: a kind that everybody writes lies in the
/// table of who wrote it.
fn owner(kind: &Kind, service: &ServiceManifest) -> &'static str {
    if kind.service == AuditLine::KIND.service { service.name } else { kind.service }
}

/// In whose tables a function of `service` reads a kind: one that everybody writes is looked at in
/// all of them by who looks at everything.
fn owners(
    kind: &Kind,
    service: &ServiceManifest,
    services: &[&'static ServiceManifest],
) -> Vec<&'static str> {
    let is_everybodys = kind.service == AuditLine::KIND.service;
    if is_everybodys && service.name == operations::MANIFEST.name {
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
