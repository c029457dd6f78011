//! Every flow with every fault: each request that a function makes of DynamoDB, of a topic or of another
//! function goes wrong once, in each way in which it can. The end is always the same: how services and
//! ledger stand, what was said, and every answer that somebody got.

mod cloud;
mod denied;
mod fault;
mod flows;
mod hot;
mod message;
mod play;
mod proxy;
mod role;
mod side;
mod streams;
mod topics;
mod world;

use std::collections::BTreeSet;
use std::sync::OnceLock;

use lambda::Function;
use store_dynamodb::Waits;
use store_dynamodb::emulator::{Emulator, NOT_BUILT, skipped};

use cloud::{Mishap, SOON};
use fault::{Asked, Fault};
use flows::Flow;
use world::{Outcome, World};

/// The emulator of this process; none where it was not built.
fn emulator() -> Option<&'static Emulator> {
    static RUNNING: OnceLock<Option<Emulator>> = OnceLock::new();
    let running = RUNNING.get_or_init(|| Emulator::start().unwrap()).as_ref();
    if running.is_none() {
        skipped(NOT_BUILT);
    }
    running
}

/// Runs a test over tables of its own, or says that it is skipped.
fn over_dynamodb(waits: Waits, test: impl AsyncFnOnce(World)) {
    let Some(emulator) = emulator() else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { test(World::open(emulator, waits).await).await });
}

/// One flow with each fault and each mishap.
fn check(flow: &Flow) {
    over_dynamodb(SOON, async |mut world| {
        let expected = run(&mut world, flow, None, Mishap::None).await;
        assert_eq!(expected.line, flow.end, "{}", flow.name);
        world.verify().await;
        let asked = world.cloud.asked();
        let mut runs = 0;
        for fault in Fault::ALL {
            for number in numbers(fault, &asked) {
                let told = format!("{}: {fault:?} of request {number} of each function", flow.name);
                let before = world.cloud.proxy.struck();
                let outcome = run(&mut world, flow, Some((fault, number)), Mishap::None).await;
                outcome.assert_is(&expected, &told);
                assert!(world.cloud.proxy.struck() > before, "{told}: nothing went wrong");
                runs += 1;
            }
        }
        world.verify().await;
        for mishap in Mishap::ALL {
            let outcome = run(&mut world, flow, None, mishap).await;
            outcome.assert_is(&expected, &format!("{}: {mishap:?}", flow.name));
        }
        world.verify().await;
        let struck = world.cloud.proxy.struck();
        println!("{}: {struck} requests went wrong in {runs} runs", flow.name);
    });
}

/// Each function is in a flow, so that what it asks for was held against its role, whatever went wrong.
#[test]
fn every_function_is_in_a_flow() {
    over_dynamodb(SOON, async |mut world| {
        for flow in flows::ALL {
            let outcome = run(&mut world, flow, None, Mishap::None).await;
            assert_eq!(outcome.line, flow.end, "{}", flow.name);
        }
        let all: BTreeSet<_> = Function::all().map(Function::name).collect();
        let missing: Vec<_> = all.difference(&world.cloud.invoked).collect();
        assert_eq!(missing, [""; 0]);
    });
}

/// Which of the requests that a fault can befall go wrong in a run of their own, counted in each
/// function from 0. Of many alike in a row, as a schedule asks of each partition: the first and the last.
fn numbers(fault: Fault, asked: &[Vec<Asked>]) -> BTreeSet<usize> {
    let of_function = |asked: &Vec<Asked>| {
        let befallen: Vec<_> = asked.iter().filter(|one| fault.befalls(one)).collect();
        let is_inside = |number: usize| {
            let around = befallen.get(number.wrapping_sub(1)).zip(befallen.get(number + 1));
            around.is_some_and(|around| around == (&befallen[number], &befallen[number]))
        };
        (0..befallen.len()).filter(|number| !is_inside(*number)).collect::<Vec<_>>()
    };
    asked.iter().flat_map(of_function).collect()
}

async fn run(
    world: &mut World,
    flow: &Flow,
    fault: Option<(Fault, usize)>,
    mishap: Mishap,
) -> Outcome {
    world.begin();
    (flow.prepare)(world).await;
    world.settle().await;
    world.let_rival();
    (world.cloud.fault, world.cloud.mishap) = (fault, mishap);
    world.cloud.asked();
    (flow.play)(world).await;
    world.cloud.fault = None;
    world.settle().await;
    if mishap == Mishap::RelayedAgain {
        world.cloud.relay_again().await;
    }
    world.outcome().await
}
