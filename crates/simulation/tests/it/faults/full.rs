//! A full disk, and one that fails for long, under the whole store: nothing false is said, what was
//! acknowledged can be read, it goes on by itself once it can, and what was refused is not there.

use std::time::{Duration, Instant};

use kernel::StoreError;
use store_embedded::Durability;
use store_embedded::files::faulty::Faults;

use super::deed::Told;
use super::machine::{Bug, Machine};
use super::running::{Running, Setup};
use super::witness::Witness;

/// How long it may take to go on once it can, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(60);

/// Every write fails, or every sync does.
const NO_WRITE: Faults =
    Faults { short_writes: 0, failed_writes: 1_000, failed_syncs: 0, swallowed_syncs: 0 };
const NO_SYNC: Faults = Faults { failed_writes: 0, failed_syncs: 1_000, ..NO_WRITE };
const NONE: Faults = Faults { failed_writes: 0, ..NO_WRITE };

/// A store on a machine, and who watches.
struct Case {
    setup: Setup,
    machine: Machine,
    running: Running,
    witness: Witness,
}

impl Case {
    /// With some wallets and movements.
    async fn begin(setup: Setup) -> Self {
        let machine = Machine::new(7);
        let running = Running::open(machine.start(Bug::None), setup).unwrap();
        let mut case = Self { setup, machine, running, witness: Witness::new(7) };
        for _ in 0..40 {
            case.ask_well().await;
        }
        case
    }

    /// Asks for the next thing.
    async fn ask(&mut self) -> Result<Told, StoreError> {
        let (number, asked) = self.witness.next();
        let came = asked.ask(&self.running.store).await;
        self.witness.note(number, came.clone());
        came
    }

    /// Asks for the next thing, which the store must be able to decide.
    async fn ask_well(&mut self) {
        let came = self.ask().await;
        assert!(came.is_ok(), "{came:?}");
    }

    /// Asks until so many in a row were not done; says how many were done before.
    async fn ask_until_refused(&mut self, times: usize) -> usize {
        let (mut done, mut refused) = (0, 0);
        while refused < times {
            match self.ask().await {
                Ok(Ok(_)) => (done, refused) = (done + 1, 0),
                // A rule said no, and nothing was to be written.
                Ok(Err(_)) => {}
                Err(StoreError::Broken(why)) => panic!("{why}"),
                Err(_) => refused += 1,
            }
            assert!(done < 5_000, "it is never refused");
        }
        done
    }

    /// What was acknowledged can be read meanwhile.
    async fn read(&self) {
        self.witness.read(&self.running.store).await.unwrap();
    }

    /// Asks until something is done again, without a restart; then everything is.
    async fn ask_until_done(&mut self) {
        let start = Instant::now();
        while !matches!(self.ask().await, Ok(Ok(_))) {
            assert!(start.elapsed() < PATIENCE, "it does not go on");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        for _ in 0..20 {
            self.ask_well().await;
        }
    }

    /// Everything that was acknowledged is there and nothing else, now and after a crash.
    async fn end(mut self) {
        assert_eq!(self.witness.wrong, None);
        self.running.settle().await.unwrap();
        self.witness.check(&self.running.store).await.unwrap();
        let ending = self.running.kill();
        check_left(&self.machine.restart(), &mut self.witness, self.setup).await;
        ending.join().unwrap();
    }
}

/// A store that is opened on what is left has everything that was acknowledged, and nothing else.
async fn check_left(machine: &Machine, witness: &mut Witness, setup: Setup) {
    let running = Running::open(machine.start(Bug::None), setup).unwrap();
    running.settle().await.unwrap();
    witness.check(&running.store).await.unwrap();
    running.close().await;
}

fn run(test: impl Future<Output = ()>) {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(2).enable_time().build().unwrap().block_on(test);
}

fn check_full(durability: Durability) {
    run(async {
        let mut case = Case::begin(Setup::of(durability)).await;
        case.machine.set_room(Some(0));
        let done = case.ask_until_refused(10).await;
        println!("{durability:?}: {done} more were done in the room that was there");
        // It was full before anything was written, so nobody is left in doubt.
        assert_eq!(case.witness.seen.unknown, 0);
        case.read().await;
        case.machine.set_room(None);
        case.ask_until_done().await;
        case.end().await;
    });
}

#[test]
fn a_full_disk_refuses_and_goes_on() {
    check_full(Durability::Journal);
}

#[test]
fn so_it_does_under_sqlite_alone() {
    check_full(Durability::Sqlite);
}

/// While SQLite cannot take them, acknowledged steps wait in the journal and in memory: not without
/// bound.
fn check_blocked(block: fn(&Machine), unblock: fn(&Machine)) {
    run(async {
        let rows_max = 200;
        let setup = Setup { unfolded_rows_max: rows_max, ..Setup::of(Durability::Journal) };
        let mut case = Case::begin(setup).await;
        block(&case.machine);
        let done = case.ask_until_refused(10).await;
        println!("{done} were done while the database took none");
        // Each of them is a row at least.
        assert!((1..=rows_max).contains(&done), "{done}");
        assert_eq!(case.witness.seen.unknown, 0);
        case.read().await;
        case.witness.list(&case.running.store).await.unwrap();
        unblock(&case.machine);
        case.ask_until_done().await;
        case.end().await;
    });
}

#[test]
fn what_waits_for_a_database_without_room_is_bounded() {
    check_blocked(|machine| machine.data.set_room(Some(0)), |machine| machine.data.set_room(None));
}

#[test]
fn what_waits_for_a_database_that_fails_is_bounded() {
    check_blocked(
        |machine| machine.data.set_faults(NO_WRITE),
        |machine| machine.data.set_faults(NONE),
    );
}

fn check_failing(durability: Durability, faults: Faults) {
    run(async {
        let mut case = Case::begin(Setup::of(durability)).await;
        let disk = match durability {
            Durability::Journal => case.machine.journal.clone(),
            Durability::Sqlite => case.machine.data.clone(),
        };
        disk.set_faults(faults);
        let done = case.ask_until_refused(20).await;
        assert_eq!(done, 0, "nothing can be durable");
        case.read().await;
        disk.set_faults(NONE);
        case.ask_until_done().await;
        case.end().await;
    });
}

#[test]
fn a_failing_disk_refuses_and_goes_on() {
    check_failing(Durability::Journal, NO_WRITE);
    check_failing(Durability::Journal, NO_SYNC);
}

#[test]
fn so_does_one_that_fails_under_sqlite_alone() {
    check_failing(Durability::Sqlite, NO_WRITE);
    check_failing(Durability::Sqlite, NO_SYNC);
}

#[test]
fn a_full_disk_does_not_hold_up_a_stop() {
    run(async {
        let mut case = Case::begin(Setup::of(Durability::Journal)).await;
        case.machine.set_room(Some(0));
        case.ask_until_refused(3).await;
        let Case { setup, machine, running, mut witness } = case;
        let closed = tokio::time::timeout(PATIENCE, running.close()).await;
        assert!(closed.is_ok(), "it does not stop");
        machine.set_room(None);
        check_left(&machine, &mut witness, setup).await;
        check_left(&machine.restart(), &mut witness, setup).await;
    });
}
