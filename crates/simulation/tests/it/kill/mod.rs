//! The real program, killed at random moments under load and started again on the same folder. A
//! witness outside of it keeps every answer: what was acknowledged is there, nothing is done twice,
//! every saga ends, and the money is where the witness says. Not in here: what a machine forgets that
//! loses its power. A killed process loses nothing that it has written; `faults` loses what it has
//! not synced.
//!
//! `KILL_SEED` in the environment makes the same choices again, though not at the same moments.
#![allow(clippy::arithmetic_side_effects, reason = "a test that overflows fails, as it should")]

mod answers;
mod books;
mod client;
mod hand;
mod program;
mod recovery;
mod request;
mod thing;
mod trial;

use std::time::{Duration, Instant};

use trial::Trial;

/// How often `make test` kills the program.
const KILLS: usize = 50;

/// How long a soak lasts if `SOAK_SECONDS` does not say.
const SOAK_SECONDS: u64 = 600;

#[test]
fn nothing_is_lost_when_the_program_is_killed() {
    let mut trial = Trial::begin();
    while trial.kills < KILLS {
        trial.life();
    }
    trial.end();
}

#[test]
#[ignore = "it takes as long as SOAK_SECONDS says: `make soak`"]
fn soak() {
    let seconds = std::env::var("SOAK_SECONDS").map_or(SOAK_SECONDS, |text| text.parse().unwrap());
    let mut trial = Trial::begin();
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut told = 0;
    while Instant::now() < end {
        trial.life();
        if trial.kills >= told + 10 {
            told = trial.kills;
            println!("{trial}");
        }
    }
    trial.end();
}
