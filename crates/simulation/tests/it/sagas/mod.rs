//! Every saga over every store: with each step failing once, with each delivery dead until it is
//! redriven, with each one lost for ever, with everything heard twice, and out of order. The end is
//! always the same, and no money is made or lost.

mod at_once;
pub(crate) mod scenarios;

use scenarios::{CAPTURE_THAT_MEETS_THE_EXPIRY, SCENARIOS, Scenario};
use simulation::candidates::{Dynamodb, Embedded, Memory, Mishap};
use simulation::conformance::store::Candidate;
use simulation::institution::{Echo, Institution};
use store_embedded::Durability;
use tokio::runtime::Builder;

/// Runs a future to its end.
fn run<T>(future: impl Future<Output = T>) -> T {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(future)
}

/// Plays a scenario and gives back how many deliveries it took.
fn play(scenario: &Scenario, candidate: &dyn Candidate, echo: Echo) -> usize {
    run(async {
        let institution = end(scenario, candidate, echo).await;
        institution.assert_sound().await;
        institution.deliveries().await
    })
}

/// Plays a scenario where events are lost.
fn play_with_losses(scenario: &Scenario, candidate: &dyn Candidate) {
    println!("{} over {}", scenario.name, candidate.name());
    run(async {
        end(scenario, candidate, Echo::None).await.assert_balanced().await;
    });
}

async fn end(scenario: &Scenario, candidate: &dyn Candidate, echo: Echo) -> Institution {
    let mut institution = Institution::open(candidate, echo).await;
    (scenario.play)(&mut institution).await;
    institution.rest().await;
    let line = institution.line().await;
    assert_eq!(line, scenario.end, "{} over {}", scenario.name, candidate.name());
    institution
}

fn journal(mishap: Mishap) -> Embedded {
    Embedded(Durability::Journal, mishap)
}

fn sqlite(mishap: Mishap) -> Embedded {
    Embedded(Durability::Sqlite, mishap)
}

/// Every scenario once for each of its deliveries, which goes wrong.
fn each_delivery(mishap: impl Fn(u64) -> Mishap, candidate: impl Fn(Mishap) -> Box<dyn Candidate>) {
    for scenario in SCENARIOS {
        let deliveries = play(scenario, &Memory(Mishap::None), Echo::None);
        for number in 0..u64::try_from(deliveries).unwrap() {
            let candidate = candidate(mishap(number));
            println!("{} over {}, delivery {number}", scenario.name, candidate.name());
            play(scenario, &*candidate, Echo::None);
        }
    }
}

#[test]
fn every_saga_comes_to_its_end() {
    for scenario in SCENARIOS {
        let stores: [&dyn Candidate; 3] =
            [&Memory(Mishap::None), &sqlite(Mishap::None), &journal(Mishap::None)];
        for candidate in stores {
            println!("{} over {}", scenario.name, candidate.name());
            play(scenario, candidate, Echo::None);
        }
    }
}

#[test]
fn each_step_fails_once_in_memory() {
    each_delivery(Mishap::Fails, |mishap| Box::new(Memory(mishap)));
}

#[test]
fn each_step_fails_once_over_the_journal() {
    each_delivery(Mishap::Fails, |mishap| Box::new(journal(mishap)));
}

#[test]
fn each_delivery_dies_and_is_redriven_in_memory() {
    each_delivery(Mishap::Dies, |mishap| Box::new(Memory(mishap)));
}

#[test]
fn each_delivery_dies_and_is_redriven_over_the_journal() {
    each_delivery(Mishap::Dies, |mishap| Box::new(journal(mishap)));
}

/// What a stream forgot before its relay ran again, the clock's work makes good.
#[test]
fn each_delivery_is_lost_for_ever() {
    for scenario in SCENARIOS.iter().chain([&CAPTURE_THAT_MEETS_THE_EXPIRY]) {
        let deliveries = play(scenario, &Memory(Mishap::None), Echo::None);
        for number in 0..u64::try_from(deliveries).unwrap() {
            play_with_losses(scenario, &Memory(Mishap::Loses(number)));
        }
    }
}

#[test]
fn everything_is_lost_the_first_time() {
    for scenario in SCENARIOS {
        play_with_losses(scenario, &Memory(Mishap::AllLost));
    }
}

#[test]
fn everything_is_lost_the_first_time_over_dynamodb() {
    let Some(candidate) = dynamodb(Mishap::AllLost) else { return };
    for scenario in SCENARIOS {
        play_with_losses(scenario, &*candidate);
    }
}

/// None, said so, where the machine has no emulator.
fn dynamodb(mishap: Mishap) -> Option<Box<dyn Candidate>> {
    let candidate: Box<dyn Candidate> = Box::new(Dynamodb::new(mishap)?);
    Some(candidate)
}

#[test]
fn every_saga_comes_to_its_end_over_dynamodb() {
    let Some(candidate) = dynamodb(Mishap::None) else { return };
    for scenario in SCENARIOS {
        println!("{} over dynamodb", scenario.name);
        play(scenario, &*candidate, Echo::None);
        play(scenario, &*candidate, Echo::InOrder);
        play(scenario, &*candidate, Echo::Backwards);
    }
}

#[test]
fn each_step_fails_once_over_dynamodb() {
    if dynamodb(Mishap::None).is_some() {
        each_delivery(Mishap::Fails, |mishap| dynamodb(mishap).unwrap());
    }
}

#[test]
fn everything_comes_out_of_order_over_dynamodb() {
    for seed in 0..4 {
        let Some(candidate) = dynamodb(Mishap::Shuffled(seed)) else { return };
        for scenario in SCENARIOS {
            println!("{} over dynamodb with seed {seed}", scenario.name);
            play(scenario, &*candidate, Echo::None);
        }
    }
}

#[test]
fn every_step_fails_at_first() {
    for scenario in SCENARIOS {
        play(scenario, &Memory(Mishap::AllFail), Echo::None);
        play(scenario, &sqlite(Mishap::AllFail), Echo::None);
        play(scenario, &journal(Mishap::AllFail), Echo::None);
    }
}

#[test]
fn everything_is_heard_twice() {
    for scenario in SCENARIOS {
        for echo in [Echo::InOrder, Echo::Backwards] {
            println!("{} {echo:?}", scenario.name);
            play(scenario, &Memory(Mishap::None), echo);
            play(scenario, &sqlite(Mishap::None), echo);
            play(scenario, &journal(Mishap::None), echo);
        }
    }
}

#[test]
fn a_capture_meets_the_expiry() {
    let scenario = &CAPTURE_THAT_MEETS_THE_EXPIRY;
    let deliveries = play(scenario, &Memory(Mishap::None), Echo::Backwards);
    for number in 0..u64::try_from(deliveries).unwrap() {
        play(scenario, &Memory(Mishap::Fails(number)), Echo::None);
        play(scenario, &Memory(Mishap::Dies(number)), Echo::InOrder);
        play(scenario, &Memory(Mishap::Shuffled(number)), Echo::None);
    }
}

#[test]
fn everything_comes_out_of_order() {
    for scenario in SCENARIOS {
        for seed in 0..40 {
            println!("{} with seed {seed}", scenario.name);
            play(scenario, &Memory(Mishap::Shuffled(seed)), Echo::None);
        }
    }
}
