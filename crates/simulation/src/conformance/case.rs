//! A case of a suite, and how all of them are run. What a case asserts is not known here.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

/// What a case does with what is set up for it. It stays on one thread.
pub(super) type Run<S> = for<'a> fn(&'a mut S) -> Pin<Box<dyn Future<Output = ()> + 'a>>;

/// One case.
pub(super) struct Case<S> {
    pub name: &'static str,
    pub run: Run<S>,
}

/// Makes the table of a file's cases. One that is written and left out is dead code, which the
/// compiler tells.
macro_rules! cases {
    ($stage:ty: $($name:ident),* $(,)?) => {
        pub(super) const CASES: &[$crate::conformance::case::Case<$stage>] = &[$(
            $crate::conformance::case::Case {
                name: stringify!($name),
                run: |stage| Box::pin($name(stage)),
            },
        )*];
    };
}

pub(super) use cases;

/// A case that takes longer hangs, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(10 * 60);

/// Names a case in the environment, to run it alone.
const ONLY: &str = "CONFORMANCE_CASE";

/// Runs every case for one candidate and prints which; fails at the end if one of them failed.
pub(super) fn run_all<'c, S: 'c, F>(
    candidate: &str,
    cases: impl Iterator<Item = &'c Case<S>>,
    set_up: impl Fn() -> F,
    end: Run<S>,
) where
    F: Future<Output = S>,
{
    let mut failed = Vec::new();
    let only = std::env::var(ONLY).ok();
    for case in cases.filter(|case| only.as_deref().is_none_or(|only| only == case.name)) {
        println!("{candidate} x {}", case.name);
        let one = || async {
            let mut stage = set_up().await;
            (case.run)(&mut stage).await;
            end(&mut stage).await;
        };
        let in_time = || runtime().block_on(async { tokio::time::timeout(PATIENCE, one()).await });
        match catch_unwind(AssertUnwindSafe(in_time)) {
            Ok(Ok(())) => {}
            Ok(Err(_)) => failed.push(format!("{} (it hangs)", case.name)),
            Err(_) => failed.push(case.name.to_owned()),
        }
    }
    assert!(failed.is_empty(), "{candidate} fails: {}", failed.join(", "));
}

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}
