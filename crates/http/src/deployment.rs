//! What every route is given: the store, the operators' view on events, and the settings of the
//! deployment. Not in here: where the settings come from.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use kernel::operators::EventsPort;
use kernel::{Currency, Store};

use crate::wait::Waiting;

/// The state of every router.
pub type App = Arc<Deployment>;

/// What every route is given.
pub struct Deployment {
    /// Where records are.
    pub store: Store,
    /// Events, their deliveries and dead letters.
    pub events: Arc<dyn EventsPort>,
    /// What is set for this deployment.
    pub settings: Settings,
}

impl fmt::Debug for Deployment {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.settings, out)
    }
}

/// What is set for a deployment.
#[derive(Clone)]
pub struct Settings {
    /// Whether a customer may credit a wallet of his own from outside.
    pub self_funding: bool,
    /// The currency where a request names none and no wallet gives one.
    pub default_currency: Currency,
    /// Signs cursors, so that a forged one is refused. Secret, and the same at every start.
    pub cursor_key: [u8; 32],
    /// The longest that `Prefer: wait` waits. Zero turns waiting off.
    pub wait_max: Duration,
    /// The requests that wait so.
    pub waiting: Waiting,
    /// How long money is held before the hold expires.
    pub hold_life: Duration,
}

impl Settings {
    /// The defaults of the interface: USD, 10 seconds, 7 days, no self-funding.
    pub fn new(cursor_key: [u8; 32]) -> Self {
        Self {
            self_funding: false,
            default_currency: Currency::USD,
            cursor_key,
            wait_max: Duration::from_secs(10),
            waiting: Waiting::default(),
            hold_life: Duration::from_secs(7 * 24 * 60 * 60),
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The key stays out of logs.
        out.debug_struct("Settings")
            .field("self_funding", &self.self_funding)
            .field("default_currency", &self.default_currency)
            .field("wait_max", &self.wait_max)
            .field("hold_life", &self.hold_life)
            .finish_non_exhaustive()
    }
}
