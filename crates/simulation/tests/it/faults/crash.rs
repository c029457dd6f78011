//! The machine or the program stops at any moment, again and again: what was acknowledged is there,
//! whole, with everything that follows from it; with a sync taken out, or a segment of the journal
//! dropped too early, it is not, and these tests would fail.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use simulation::dice::Dice;
use store_embedded::{Durability, OpenError};
use wallet::records::Entry;

use super::deed::{Asked, Deed};
use super::machine::{Bug, Machine, Program};
use super::running::{Running, Setup};
use super::witness::{Seen, Trouble, Witness};

/// How many callers there are at once.
const CALLERS: usize = 3;

/// So often the program is started on a machine, and stops.
const LIVES: usize = 5;

/// How long sagas may take to end.
const PATIENCE: Duration = Duration::from_secs(20);

/// A machine, what runs on it, and who watches.
struct Trial {
    machine: Machine,
    setup: Setup,
    dice: Dice,
    witness: Arc<Mutex<Witness>>,
    ends: Vec<std::thread::JoinHandle<()>>,
}

impl Trial {
    fn new(seed: u64, setup: Setup) -> Self {
        Self {
            machine: Machine::new(seed),
            setup,
            dice: Dice::of(seed),
            witness: Arc::new(Mutex::new(Witness::new(seed))),
            ends: Vec::new(),
        }
    }

    /// All its lives, and a last one without any bug.
    async fn run(&mut self) -> Result<(), String> {
        for _ in 0..LIVES {
            self.life().await?;
        }
        self.setup.bug = Bug::None;
        let running =
            self.open(self.machine.start(Bug::None)).map_err(|error| error.to_string())?;
        self.check(&running).await?;
        running.close().await;
        Ok(())
    }

    fn open(&self, program: Arc<Program>) -> Result<Running, OpenError> {
        Running::open(program, self.setup)
    }

    /// The program starts, serves and stops.
    async fn life(&mut self) -> Result<(), String> {
        let program = self.machine.start(self.setup.bug);
        if self.dice.once_in(4) {
            // While it starts.
            program.stop_after(self.below(600));
        }
        let running = match self.open(Arc::clone(&program)) {
            Ok(running) => running,
            Err(_) if !program.is_running() => return Ok(self.end()),
            Err(error) => return Err(format!("it does not open: {error}")),
        };
        self.check(&running).await?;
        let stops_in_order = self.dice.once_in(5);
        if !stops_in_order {
            let most = self.dice.pick(&[50, 500, 4_000]);
            program.stop_after(self.below(most));
        }
        serve(&running, &self.witness, 60).await;
        if let Some(wrong) = self.witness.lock().wrong.take() {
            return Err(wrong);
        }
        if stops_in_order {
            running.close().await;
        } else {
            self.ends.push(running.kill());
        }
        Ok(self.end())
    }

    fn below(&mut self, bound: usize) -> u64 {
        u64::try_from(self.dice.below(bound)).unwrap()
    }

    /// With the program goes, mostly, the machine.
    fn end(&mut self) {
        if !self.dice.once_in(3) {
            self.machine = self.machine.restart();
        }
    }

    async fn check(&mut self, running: &Running) -> Result<(), String> {
        let mut witness = std::mem::replace(&mut *self.witness.lock(), Witness::new(0));
        let checked = check(running, &mut witness).await;
        *self.witness.lock() = witness;
        match checked {
            Ok(()) => Ok(()),
            Err(_) if !running.program.is_running() => Ok(()),
            Err(Trouble::Wrong(why)) => Err(why),
            Err(Trouble::Store(error)) => Err(format!("it cannot be read: {error}")),
        }
    }
}

/// Waits for every saga to end, then compares.
async fn check(running: &Running, witness: &mut Witness) -> Result<(), Trouble> {
    let settled = tokio::time::timeout(PATIENCE, running.settle()).await;
    settled.map_err(|_| Trouble::Wrong("a saga does not end".to_owned()))??;
    witness.check(&running.store).await
}

/// Callers ask, so many things each, until the program stops.
async fn serve(running: &Running, witness: &Arc<Mutex<Witness>>, times: usize) {
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..CALLERS {
        let (store, program) = (running.store.clone(), Arc::clone(&running.program));
        let witness = Arc::clone(witness);
        callers.spawn(async move {
            for _ in 0..times {
                if !program.is_running() {
                    return;
                }
                let (number, asked) = witness.lock().next();
                let came = asked.ask(&store).await;
                let is_refusal = matches!(came, Ok(Err(_)));
                if is_refusal && !program.is_running() {
                    // It came from memory; there was nobody left to say so.
                    witness.lock().note_stop(number);
                    return;
                }
                let is_done = matches!(came, Ok(Ok(_)));
                witness.lock().note(number, came);
                if is_done {
                    look(&store, &witness, asked).await;
                }
            }
        });
    }
    callers.join_all().await;
}

/// A caller looks at what he was told is done.
async fn look(store: &kernel::Store, witness: &Mutex<Witness>, asked: Asked) {
    let wrong = match asked.deed {
        Deed::Pay { .. } => match store.get::<payment::records::Payment>(asked.payment()).await {
            Ok(Some(payment)) => {
                witness.lock().note_payment(&payment);
                None
            }
            Ok(None) => Some(format!("{asked:?} is done and cannot be seen")),
            Err(_) => None,
        },
        Deed::Credit { to, .. } => {
            // It asks SQLite, so that the fold hurries. Who has waited for long has gone away.
            let caused = store.caused::<Entry>(to.into(), kernel::Id::any(asked.transfer()));
            match tokio::time::timeout(Duration::from_millis(100), caused).await {
                Ok(Ok(None)) => Some(format!("{asked:?} is done and cannot be seen")),
                Ok(Ok(Some(_)) | Err(_)) | Err(_) => None,
            }
        }
        Deed::Open | Deed::Transfer { .. } => None,
    };
    if let Some(wrong) = wrong {
        witness.lock().wrong.get_or_insert(wrong);
    }
}

/// What a seed has shown: how much was tested, or what was wrong.
type Shown = Result<Seen, String>;

fn trial(runtime: &tokio::runtime::Runtime, seed: u64, setup: Setup) -> Shown {
    let mut trial = Trial::new(seed, setup);
    let ran = runtime.block_on(trial.run());
    let seen = trial.witness.lock().seen;
    trial.ends.into_iter().for_each(|end| end.join().unwrap());
    ran.map(|()| seen)
}

/// Runs many seeds, several at a time: much of it is waiting.
fn trials(seeds: std::ops::Range<u64>, setup: Setup) -> Vec<(u64, String)> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.worker_threads(2).enable_time().build().unwrap();
    let left = Mutex::new(seeds);
    let ended = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                while let Some(seed) = next(&left) {
                    let shown = trial(&runtime, seed, setup);
                    ended.lock().push((seed, shown));
                }
            });
        }
    });
    let mut wrong = Vec::new();
    let mut seen = Seen::default();
    for (seed, shown) in ended.into_inner() {
        match shown {
            Ok(shown) => seen.add(shown),
            Err(why) => wrong.push((seed, why)),
        }
    }
    println!("{setup:?}: {seen:?}, {} wrong", wrong.len());
    wrong.sort();
    wrong
}

fn next(left: &Mutex<std::ops::Range<u64>>) -> Option<u64> {
    left.lock().next()
}

#[test]
fn what_was_acknowledged_is_there_after_any_crash() {
    assert_eq!(trials(0..24, Setup::of(Durability::Journal)), []);
}

#[test]
fn so_it_is_where_sqlite_stands_alone() {
    assert_eq!(trials(100..124, Setup::of(Durability::Sqlite)), []);
}
