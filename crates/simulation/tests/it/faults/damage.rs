//! Bytes that change on the disk: a sentence names the place, nothing is changed by the start, and
//! nothing false is taken for true. What each part tells of its own damage is tested where it stands.

use simulation::dice::Dice;
use store_embedded::Durability;
use store_embedded::files::Files as _;
use store_embedded::files::faulty::{Faults, FaultyFiles};

use super::machine::{Bug, Machine};
use super::running::{Running, Setup};
use super::witness::{Trouble, Witness};

fn run(test: impl Future<Output = ()>) {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(2).enable_time().build().unwrap().block_on(test);
}

async fn ask(running: &Running, witness: &mut Witness, times: usize) {
    for _ in 0..times {
        let (number, asked) = witness.next();
        let came = asked.ask(&running.store).await;
        assert!(came.is_ok(), "{came:?}");
        witness.note(number, came);
    }
}

fn open(machine: &Machine) -> Result<Running, String> {
    let opened = Running::open(machine.start(Bug::None), Setup::of(Durability::Journal));
    opened.map_err(|error| error.to_string())
}

/// Opens it, and compares what is there with what was acknowledged.
async fn look(machine: &Machine, witness: &mut Witness) -> Result<(), String> {
    let running = open(machine)?;
    let looked = match running.settle().await {
        Ok(()) => witness.check(&running.store).await,
        Err(trouble) => Err(trouble),
    };
    running.close().await;
    looked.map_err(|trouble| match trouble {
        Trouble::Store(error) => error.to_string(),
        Trouble::Wrong(why) => why,
    })
}

fn flip(files: &FaultyFiles, name: &str, byte: usize) {
    files.tamper(name, |content| content[byte] ^= 0x10).unwrap();
}

fn bytes_of(files: &FaultyFiles, name: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    files.tamper(name, |content| bytes.clone_from(content)).unwrap();
    bytes
}

/// The frames of a segment begin after its head.
const HEAD_BYTES: usize = 4096;

#[test]
fn a_damaged_frame_before_a_good_one_stops_the_start_and_changes_nothing() {
    run(async {
        let machine = Machine::new(1);
        let mut witness = Witness::new(1);
        let running = open(&machine).unwrap();
        ask(&running, &mut witness, 5).await;
        // From here on only the journal has it.
        machine.data.set_faults(Faults { failed_writes: 1_000, ..Faults::default() });
        ask(&running, &mut witness, 30).await;
        let ending = running.kill();
        let machine = machine.restart();

        let in_use = |name: &String| {
            let bytes = bytes_of(&machine.journal, name);
            bytes[HEAD_BYTES..].iter().any(|byte| *byte != 0)
        };
        let segment = machine.journal.list().unwrap().into_iter().find(in_use).unwrap();
        let before = bytes_of(&machine.data, "fintech.sqlite3");
        // Within the first batch.
        flip(&machine.journal, &segment, HEAD_BYTES + 40);
        let refused = look(&machine, &mut witness).await.unwrap_err();
        let place = format!("the journal is damaged: {segment}, byte {HEAD_BYTES}: batch ");
        assert!(refused.starts_with(&place), "{refused}");
        assert!(bytes_of(&machine.data, "fintech.sqlite3") == before, "the database was changed");

        flip(&machine.journal, &segment, HEAD_BYTES + 40);
        assert_eq!(look(&machine, &mut witness).await, Ok(()), "it is as it was");
        ending.join().unwrap();
    });
}

/// A byte of the database is changed, anywhere. Where that changes a record, or the way to one, it
/// is told; where it does not, everything is as it was acknowledged.
#[test]
fn a_changed_byte_of_the_database_is_told_or_changes_nothing() {
    run(async {
        let machine = Machine::new(2);
        let mut witness = Witness::new(2);
        let running = open(&machine).unwrap();
        ask(&running, &mut witness, 60).await;
        running.close().await;
        let whole = bytes_of(&machine.data, "fintech.sqlite3");

        let mut dice = Dice::of(2);
        let mut told = 0;
        for _ in 0..80 {
            let byte = dice.below(whole.len());
            flip(&machine.data, "fintech.sqlite3", byte);
            if let Err(sentence) = look(&machine, &mut witness).await {
                told += 1;
                println!("byte {byte}: {sentence}");
                // What the witness alone can tell, who has no witness takes for true.
                assert!(!sentence.contains(" was told "), "byte {byte}: {sentence}");
            }
            for name in machine.data.list().unwrap() {
                machine.data.remove(&name).unwrap();
            }
            machine.data.create("fintech.sqlite3", 0).unwrap();
            machine.data.tamper("fintech.sqlite3", |content| content.clone_from(&whole)).unwrap();
        }
        assert!(told > 5, "only {told} of 80 are told");
        assert_eq!(look(&machine, &mut witness).await, Ok(()), "it is as it was");
    });
}
