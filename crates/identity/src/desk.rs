//! The desk: what the routes share beside the store. Who has proved a password, what he is given, and
//! what was taken back since. Not in here: HTTP, what is decided, and where signing keys lie.

use std::sync::Arc;

use http_api::{ClientAddress, Problem};
use kernel::record::{Column, Shard};
use kernel::store::{Order, Place, Query};
use kernel::time::System;
use kernel::{Clock, Ids, Known, Record, SessionId, Store, StoreError, Time};
use tokens::{Grant, Mint, Policy, SigningKeys, Verifier};

use crate::hashing::{Hashing, HashingPlace};
use crate::passwords;
use crate::records::{LoginName, Proof, Session, TakenName, User, UserKind};
use crate::refusals::Refusals;
use crate::routes::Gate;
use crate::taken_back::TakenBack;
use crate::throttle::{Throttle, Try};

/// A proof of nobody's, with the present parameters: where there is no such user, a password is
/// compared with this one, so that the answer takes as long.
const NOBODYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IG5vYm9keSBubw\
                       $AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// How many records of what was taken back are read at once, at a start.
const RECALLED_AT_ONCE: usize = 1_000;

/// What is set for a desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeskSettings {
    /// Whether anybody may make himself a user.
    pub sign_up: bool,
    /// Whether cookies go over TLS alone.
    pub secure_cookies: bool,
}

/// There can be no desk.
#[derive(Debug, thiserror::Error)]
pub enum NoDesk {
    /// The machine gives no threads.
    #[error("no threads for hashing passwords: {0}")]
    Threads(#[from] std::io::Error),
    /// The signing keys are none.
    #[error("the signing keys: {0}")]
    Keys(#[from] tokens::BadKeys),
}

/// What the routes share.
#[derive(Debug)]
pub struct Desk {
    pub(crate) settings: DeskSettings,
    pub(crate) hashing: Hashing,
    mint: Arc<Mint>,
    verifier: Arc<Verifier>,
    taken_back: Arc<TakenBack>,
    throttle: Throttle,
    refusals: Refusals,
    changing: tokio::sync::Mutex<()>,
}

impl Desk {
    /// With these keys.
    ///
    /// # Errors
    /// See [`NoDesk`].
    pub fn open(mint: Mint, settings: DeskSettings) -> Result<Self, NoDesk> {
        let verifier = Verifier::new(Policy::of_mint(), Arc::new(System));
        verifier.take_keys(&mint.jwks())?;
        Ok(Self {
            settings,
            hashing: Hashing::start()?,
            mint: Arc::new(mint),
            verifier: Arc::new(verifier),
            taken_back: Arc::default(),
            throttle: Throttle::new(),
            refusals: Refusals::new(),
            changing: tokio::sync::Mutex::default(),
        })
    }

    /// Whom it lets in.
    pub fn gate(&self) -> Gate {
        Gate { verifier: Arc::clone(&self.verifier), taken_back: Arc::clone(&self.taken_back) }
    }

    /// The public halves of the keys, as a JSON Web Key Set.
    pub fn jwks(&self) -> Vec<u8> {
        self.mint.jwks()
    }

    /// Takes other keys in the place of the former ones.
    ///
    /// # Errors
    /// When there is none to check a token with; then nothing changes.
    pub fn take_keys(&self, keys: SigningKeys) -> Result<(), NoDesk> {
        // In this order: no token is signed that is not known yet.
        self.verifier.take_keys(&keys.jwks())?;
        self.mint.take(keys);
        Ok(())
    }

    /// Learns what was taken back shortly before this start. Before it nobody may be let in.
    ///
    /// # Errors
    /// When the store cannot.
    pub async fn recall(&self, store: &Store) -> Result<(), StoreError> {
        for user in since::<User>(store, "taken_back", |user| user.taken_back_at).await? {
            self.take_back_from(&user);
        }
        for session in since::<Session>(store, "ended", |session| session.ended_at).await? {
            self.end(session.session_id);
        }
        Ok(())
    }

    /// Waits until nobody else changes users, and keeps them waiting: of two operators who disable each
    /// other at once one must be left.
    pub(crate) async fn changes_alone(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.changing.lock().await
    }

    /// What the user was given in former epochs is good no longer, from now on.
    pub(crate) fn take_back_from(&self, user: &User) {
        if user.epoch > 1 {
            self.taken_back.user(&user.sub.to_string(), user.epoch, System.now());
        }
    }

    /// What was given in the session is good no longer, from now on.
    pub(crate) fn end(&self, session_id: SessionId) {
        self.taken_back.session(&session_id.to_string(), System.now());
    }

    /// An access token for the user, in that session or for a service.
    pub(crate) fn token(&self, user: &User, session: Option<SessionId>) -> Result<String, Problem> {
        let session_id = session.map(|id| id.to_string());
        let token_id = uuid::Uuid::from_u128(System.draw()).to_string();
        let grant = Grant {
            subject: &user.sub.to_string(),
            session_id: session_id.as_deref(),
            epoch: user.epoch,
            rights: user.rights.texts(),
            token_id: &token_id,
        };
        self.mint.sign(&grant, System.now()).map_err(|error| Problem::internal(error.to_string()))
    }

    /// Counts a try for which nothing slow is done.
    ///
    /// # Errors
    /// 429.
    pub(crate) fn admit(&self, attempt: Try<'_>) -> Result<(), Problem> {
        self.throttle.admit(attempt, |_| Ok(()))
    }

    /// Counts a try that a password is hashed for, and gives it a place there: one of those that are
    /// kept where the try is known. Whoever is turned away because too many wait has not tried that name.
    ///
    /// # Errors
    /// As [`admit`](Self::admit), or 503.
    pub(crate) fn admit_hashing(&self, attempt: Try<'_>) -> Result<HashingPlace<'_>, Problem> {
        self.throttle.admit(attempt, |is_known| {
            if is_known { self.hashing.kept_place() } else { self.hashing.place() }
        })
    }

    /// Remembers what proved the name from there.
    pub(crate) fn remember_proved(&self, attempt: Try<'_>) {
        self.throttle.remember_proved(attempt);
    }

    /// Forgets what proved who the user is: it is so no longer, or he asked for it.
    pub(crate) fn forget_proved(&self, user: &User) {
        self.throttle.forget_proved(user.name.as_str());
        // By which services prove it.
        self.throttle.forget_proved(&user.sub.to_string());
    }

    /// Counts that somebody of that name was refused from there who wanted to sign in; not whom the
    /// store failed, or who found no place.
    pub(crate) fn count_refused(&self, name: &str, from: Option<ClientAddress>, why: &Problem) {
        if why.kind().status().is_client_error() {
            self.refusals.count(name, from, System.now());
        }
    }

    /// Books who was refused since the last time, if anybody was.
    ///
    /// # Errors
    /// When the store cannot; then they are booked the next time.
    pub async fn book_refused(&self, store: &Store) -> Result<(), StoreError> {
        self.refusals.book(store).await
    }

    /// The person of that name whose password that is. Takes as long where there is none.
    ///
    /// # Errors
    /// 503 where the store cannot.
    pub(crate) async fn proved(
        &self,
        store: &Store,
        name: &LoginName,
        password: &str,
        place: &HashingPlace<'_>,
    ) -> Result<Option<Known<User>>, Problem> {
        let user = find(store, name).await?;
        let user = user.filter(|user| user.kind == UserKind::Person);
        let proof = user.as_ref().map_or_else(|| Proof::new(NOBODYS), |user| user.proof.clone());
        // What is too long to be anybody's is not hashed; who sent it knows that himself.
        let is_right = passwords::is_sized(password) && {
            let password = password.to_owned();
            place.run(move || passwords::is_proved(&password, &proof)).await?
        };
        Ok(user.filter(|_| is_right))
    }
}

/// Who signs in by that name.
///
/// # Errors
/// When the store cannot.
pub async fn find(store: &Store, name: &LoginName) -> Result<Option<Known<User>>, StoreError> {
    match store.get::<TakenName>(name.id()).await? {
        Some(taken) => store.get::<User>(taken.sub).await,
        None => Ok(None),
    }
}

/// The records of an index over shards from the time on for which tokens are good. `sort` gives the
/// value by which the index is ordered.
async fn since<R: Record>(
    store: &Store,
    index: &'static str,
    sort: fn(&R) -> Option<Time>,
) -> Result<Vec<Known<R>>, StoreError> {
    let from = TakenBack::since(System.now()).micros();
    let mut all = Vec::new();
    for shard in Shard::all() {
        let mut after = None;
        loop {
            let query = Query {
                kind: R::KIND,
                index: Some(index),
                partition: shard.to_value().into_owned(),
                from: Some(from),
                to: None,
                after,
                order: Order::OldestFirst,
                limit: RECALLED_AT_ONCE,
            };
            let found = store.list::<R>(query).await?;
            let last = found.last().filter(|_| found.len() == RECALLED_AT_ONCE);
            after = last.and_then(|last| {
                Some(Place { sort: sort(last)?.micros(), key: last.record.key() })
            });
            all.extend(found);
            if after.is_none() {
                break;
            }
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use http_api::ProblemKind;
    use tokens::SigningKey;

    use super::*;

    /// Keys change while tokens are given: each is known from the moment on that it is signed.
    #[test]
    fn no_token_is_signed_that_is_not_known_yet() {
        let now = System.now();
        let made: Vec<_> = (0..60).map(|_| SigningKey::generate().unwrap()).collect();
        let read = |pkcs8: &Vec<u8>| SigningKey::read(pkcs8, now).unwrap();
        // The last one signs, and all before it stay known, however slow this thread is.
        let keys = |made: &[Vec<u8>]| {
            let (newest, others) = made.split_last().unwrap();
            SigningKeys { newest: read(newest), others: others.iter().map(read).collect() }
        };
        let settings = DeskSettings { sign_up: true, secure_cookies: true };
        let desk = Desk::open(Mint::new(keys(&made[..8])), settings).unwrap();
        let grant =
            Grant { subject: "usr_1", session_id: None, epoch: 1, rights: &[], token_id: "1" };
        std::thread::scope(|scope| {
            let change =
                || (9..=made.len()).for_each(|end| desk.take_keys(keys(&made[..end])).unwrap());
            let changing = scope.spawn(change);
            while !changing.is_finished() {
                let token = desk.mint.sign(&grant, now).unwrap();
                desk.verifier.verify(&token).unwrap();
            }
        });
    }

    #[test]
    fn who_is_turned_away_because_too_many_wait_has_not_tried() {
        let key = SigningKey::read(&SigningKey::generate().unwrap(), System.now()).unwrap();
        let mint = Mint::new(SigningKeys { newest: key, others: Vec::new() });
        let settings = DeskSettings { sign_up: true, secure_cookies: true };
        let desk = Desk::open(mint, settings).unwrap();
        let from = Some(ClientAddress::new([192, 0, 2, 1].into()));
        let attempt = Try { name: "ada@example.org", shown: "secret", from };
        let kind = || desk.admit_hashing(attempt).err().map(|no| no.kind());

        let all: Vec<_> = std::iter::from_fn(|| desk.hashing.place().ok()).collect();
        // Together with those that follow as many as an address has.
        for _ in 0..24 {
            assert_eq!(kind(), Some(ProblemKind::Busy));
        }
        drop(all);
        for _ in 0..6 {
            assert_eq!(kind(), None);
        }
        assert_eq!(kind(), Some(ProblemKind::TooManyRequests), "these were counted");
    }
}
