//! A trial: a machine on which the store starts, serves and stops, again and again, while a witness
//! watches. What goes wrong meanwhile, the tests say.

use std::ops::Range;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use kernel::{Id as _, Store, StoreError};
use parking_lot::Mutex;
use payment::records::Payment;
use simulation::dice::Dice;
use store_embedded::OpenError;
use store_embedded::files::Files;
use store_embedded::files::faulty::Faults;
use store_embedded::journal::JournalError;
use store_embedded::sqlite::SqliteError;
use wallet::records::Entry;

use super::deed::{Asked, Deed};
use super::machine::{Bug, Counts, DiskFaults, Machine, Program};
use super::running::{Running, Setup};
use super::witness::{Seen, Trouble, Witness};

/// How many callers there are at once.
const CALLERS: usize = 3;

/// So often the program is started on a machine, and stops.
const LIVES: usize = 5;

/// So many things each caller asks for.
const DEEDS: usize = 60;

/// How long sagas may take to end, and a store to notice that its disk has lost something and to end;
/// however busy the machine is, for only what is wrong is waited for so long.
const PATIENCE: Duration = Duration::from_secs(60);

/// A machine, what runs on it, and who watches.
struct Trial {
    machine: Machine,
    setup: Setup,
    dice: Dice,
    witness: Arc<Mutex<Witness>>,
    /// What happened, for who must find out what went wrong.
    history: Vec<String>,
    ends: Vec<JoinHandle<()>>,
}

impl Trial {
    fn new(seed: u64, setup: Setup) -> Self {
        Self {
            machine: Machine::new(seed),
            setup,
            dice: Dice::of(seed),
            witness: Arc::new(Mutex::new(Witness::new(seed))),
            history: Vec::new(),
            ends: Vec::new(),
        }
    }

    /// All its lives, and a last one in which nothing goes wrong.
    async fn run(&mut self) -> Result<(), String> {
        for life in 0..LIVES {
            // It begins well, so that there is something to lose.
            let bug = if life == 0 { Bug::None } else { self.setup.bug };
            self.machine.set_faults(self.setup.faults);
            self.life(bug).await?;
        }
        self.machine.set_faults(DiskFaults::default());
        let running = self.open(self.machine.start(Bug::None))?;
        let checked = self.check(&running).await;
        running.close().await;
        checked
    }

    fn open(&self, program: Arc<Program>) -> Result<Running, String> {
        let opened = Running::open(program, self.setup);
        opened.map_err(|error| format!("it does not open: {error}"))
    }

    /// The program starts, serves and stops.
    async fn life(&mut self, bug: Bug) -> Result<(), String> {
        let program = self.machine.start(bug);
        if self.dice.once_in(4) {
            // While it starts.
            program.stop_after(self.below(600));
        }
        let opened = Running::open(Arc::clone(&program), self.setup);
        let is_explained = opened.as_ref().is_err_and(|error| self.explains(&program, error));
        if is_explained {
            self.tell("it could not open");
            self.end();
            return Ok(());
        }
        let running = opened.map_err(|error| format!("it does not open: {error}"))?;
        let served = self.live(&running, &program).await;
        match served {
            Ok(Stop::InOrder) => running.close().await,
            Ok(Stop::AtOnce) | Err(_) => self.ends.push(running.kill()),
        }
        self.end();
        served.map(drop)
    }

    async fn live(&mut self, running: &Running, program: &Program) -> Result<Stop, String> {
        self.check(running).await?;
        let seen = self.witness.lock().seen;
        self.tell(&format!("it opened; {} were done", seen.done));
        let stop = if self.dice.once_in(5) { Stop::InOrder } else { Stop::AtOnce };
        if stop == Stop::AtOnce {
            let most = self.dice.pick(self.setup.operations);
            program.stop_after(self.below(most));
        }
        let before = program.counts();
        serve(running, &self.witness, DEEDS).await;
        let mut witness = self.witness.lock();
        witness.note_counts(before, program.counts());
        witness.wrong.take().map_or(Ok(stop), Err)
    }

    /// Whether it could not open because the program stopped, or because of the disk.
    fn explains(&self, program: &Program, error: &OpenError) -> bool {
        !program.is_running() || self.setup.faults != DiskFaults::default() && is_of_disk(error)
    }

    fn tell(&mut self, what: &str) {
        self.history.push(what.to_owned());
    }

    fn below(&mut self, bound: usize) -> u64 {
        u64::try_from(self.dice.below(bound)).unwrap()
    }

    /// With the program goes, mostly, the machine.
    fn end(&mut self) {
        if !self.dice.once_in(3) {
            self.machine = self.machine.restart();
            self.tell("the machine restarts");
        }
    }

    async fn check(&mut self, running: &Running) -> Result<(), String> {
        let mut witness = std::mem::replace(&mut *self.witness.lock(), Witness::new(0));
        let checked = check(running, &mut witness).await;
        *self.witness.lock() = witness;
        match checked {
            Ok(()) => Ok(()),
            // It stopped while it started: there is nobody who could read.
            Err(Trouble::Store(_)) if !running.program.is_running() => Ok(()),
            Err(_) if is_excused(&running.program).await => Ok(()),
            Err(Trouble::Wrong(why)) => Err(why),
            Err(Trouble::Store(error)) => Err(format!("it cannot be read: {error}")),
        }
    }
}

/// How a program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    /// It is told to, and does all that waits.
    InOrder,
    /// It is killed.
    AtOnce,
}

/// Whether a disk that fails explains it.
fn is_of_disk(error: &OpenError) -> bool {
    match error {
        OpenError::Journal(error) => matches!(error, JournalError::Disk { .. }),
        OpenError::Sqlite(error) => {
            matches!(error, SqliteError::Disk(_) | SqliteError::Lost(_) | SqliteError::Full)
        }
        OpenError::Folder(_) | OpenError::Thread(_) => false,
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
                if matches!(came, Err(StoreError::Broken(_))) && is_excused(&program).await {
                    // Its database cannot be read: it lost something, and the store found that out.
                    witness.lock().note(number, Err(StoreError::OutcomeUnknown(String::new())));
                    return;
                }
                let is_done = matches!(came, Ok(Ok(_)));
                witness.lock().note(number, came);
                if is_done {
                    look(&store, &program, &witness, asked).await;
                }
            }
        });
    }
    callers.join_all().await;
}

/// A caller looks at what he was told is done.
async fn look(store: &Store, program: &Program, witness: &Mutex<Witness>, asked: Asked) {
    let wrong = match asked.deed {
        Deed::Pay { .. } => match store.get::<Payment>(asked.payment()).await {
            Ok(Some(payment)) => {
                witness.lock().note_payment(&payment);
                None
            }
            Ok(None) => Some(format!("{asked:?} is done and cannot be seen")),
            Err(_) => None,
        },
        Deed::Credit { to, .. } => {
            // It asks SQLite, so that the fold hurries. Who has waited for long has gone away.
            let caused = store.caused::<Entry>(to.into(), asked.transfer().any());
            match tokio::time::timeout(Duration::from_millis(100), caused).await {
                Ok(Ok(None)) => Some(format!("{asked:?} is done and cannot be seen")),
                Ok(Ok(Some(_)) | Err(_)) | Err(_) => None,
            }
        }
        Deed::Open | Deed::Transfer { .. } => None,
    };
    if let Some(wrong) = wrong {
        if is_excused(program).await {
            return;
        }
        witness.lock().wrong.get_or_insert(wrong);
    }
}

/// Whether a store may have shown the past, or nothing that makes sense: it has ended by itself, or its
/// disk has lost something and it notices that now, unless it is stopped before. A program that only
/// stops excuses nothing.
async fn is_excused(program: &Program) -> bool {
    let Counts { ended, failed_syncs, .. } = program.counts();
    if ended > 0 || failed_syncs == 0 {
        return ended > 0;
    }
    let ends = async {
        while program.is_running() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, ends).await.is_ok()
}

#[tokio::test]
async fn a_stop_alone_excuses_nothing() {
    async fn check(happens: fn(&Machine, &Arc<Program>), expected: bool) {
        let machine = Machine::new(1);
        let program = machine.start(Bug::None);
        happens(&machine, &program);
        assert_eq!(is_excused(&program).await, expected);
    }
    fn fail_to_sync(machine: &Machine, files: &dyn Files) {
        let syncs =
            Faults { short_writes: 0, failed_writes: 0, failed_syncs: 1_000, swallowed_syncs: 0 };
        machine.set_faults(DiskFaults { data: syncs, journal: syncs });
        let file = files.create("file", 1).unwrap();
        file.write_at(b"a", 0).unwrap();
        file.sync().unwrap_err();
    }
    check(|_, _| {}, false).await;
    check(|_, program| program.stop_after(0), false).await;
    check(|_, program| program.end(), true).await;
    // What the journal was refused is not taken for durable.
    check(|machine, program| fail_to_sync(machine, &*program.journal()), false).await;
    let lose_and_stop = |machine: &Machine, program: &Arc<Program>| {
        fail_to_sync(machine, &*program.data());
        program.stop_after(0);
    };
    check(lose_and_stop, true).await;
}

/// A seed, and what was wrong with what it did.
pub(crate) type Wrong = (u64, String);

/// What a seed has shown: how much was tested, or what was wrong.
type Shown = Result<Seen, String>;

fn trial(runtime: &tokio::runtime::Runtime, seed: u64, setup: Setup) -> Shown {
    let mut trial = Trial::new(seed, setup);
    let ran = runtime.block_on(trial.run());
    let failures = trial.machine.failures();
    let seen = trial.witness.lock().seen;
    let seen = Seen { failed_writes: failures.writes, failed_syncs: failures.syncs, ..seen };
    trial.ends.into_iter().for_each(|end| end.join().unwrap());
    let history = trial.history.join("; ");
    ran.map(|()| seen).map_err(|why| format!("{why} ({history})"))
}

/// Runs many seeds, several at a time: much of it is waiting. Gives back what went wrong, and how
/// much was seen of it all.
pub(crate) fn trials(seeds: Range<u64>, setup: Setup) -> (Vec<Wrong>, Seen) {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.worker_threads(2).enable_time().build().unwrap();
    let left = Mutex::new(given(seeds).into_iter());
    let ended = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                loop {
                    let Some(seed) = left.lock().next() else { return };
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
    (wrong, seen)
}

/// Names a seed in the environment, to run it alone.
const SEED: &str = "FAULTS_SEED";

/// Says in the environment how many times as much is run, to look further: more seeds, or a seed over
/// and over, for threads make each run another.
const TIMES: &str = "FAULTS_TIMES";

fn given(seeds: Range<u64>) -> Vec<u64> {
    let number = |name| std::env::var(name).ok().map(|number| number.parse::<u64>().unwrap());
    let times = number(TIMES).unwrap_or(1);
    match number(SEED) {
        Some(seed) => (0..times).map(|_| seed).collect(),
        None => (seeds.start..seeds.start + (seeds.end - seeds.start) * times).collect(),
    }
}
