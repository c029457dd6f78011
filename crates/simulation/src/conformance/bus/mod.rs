//! What the embedded event bus must do, whatever makes its steps durable. Not in here: which policy
//! matches which attributes, which the policies' own tests say.

mod dead_letters;
mod delivering;
mod ear;
mod failing;
mod reopening;
mod stage;

use store_embedded::Durability;

use super::case::run_all;
use stage::Stage;

/// Puts the bus through every case.
pub fn run(durability: Durability) {
    let name = match durability {
        Durability::Journal => "bus over the journal",
        Durability::Sqlite => "bus over sqlite",
    };
    let cases = [delivering::CASES, failing::CASES, dead_letters::CASES, reopening::CASES];
    let set_up = || async { Stage::open(durability) };
    run_all(name, cases.into_iter().flatten(), set_up, |stage| Box::pin(stage.end()));
}
