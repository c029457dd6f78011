//! Compares users, their names and their sessions with the audit trail of this service: whoever is there
//! was made by a line, and is as the newest line about him left him; each line found him as the one before
//! it had left him; whoever and whatever a line speaks of is there. Not in here: whether the lines
//! themselves are whole, which is checked for the trails of all services at once.
//!
//! A line says what it left by a hash, so that the trail tells nobody a name or a proof. Lines of older
//! programs say none: of them it follows alone who was made and which sessions began and ended.
//!
//! Records are read once and let go; what stays in memory is a few hashes and ids for each user and each
//! session. To be used on a store that stands still, or a snapshot: users are kept in folders alone.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::str::FromStr;

use kernel::audit::AuditLine;
use kernel::record::{Hash32, Record};
use kernel::store::{Scan, StorePort};
use kernel::{Id, LoginNameId, SessionId, StoreError, SubId, TrailId};

use crate::decide::{LOG_OUT_EVERYWHERE, REUSE_REFRESH_TOKEN};
use crate::first::OPERATION as FIRST_OPERATOR;
use crate::manifest::{CHANGE_PASSWORD, CREATE_USER, LOG_IN, LOG_OUT, NAME, SIGN_UP};
use crate::records::{Session, SessionState, TakenName, User};

/// How many records are read at once.
const READ_AT_ONCE: usize = 1_000;

/// Tells, in a sentence each, what is wrong.
///
/// # Errors
/// When the store cannot read. A row that is no record is told, and is no error.
pub async fn verify(
    port: &dyn StorePort,
    tell: &mut (dyn FnMut(String) + Send),
) -> Result<(), StoreError> {
    let mut told = Told::default();
    // A line that cannot be read is named by whoever checks the trails.
    let mut is_named = |_| {};
    each::<AuditLine>(port, &mut is_named, &mut |line, _| told.line(line, tell)).await?;
    let mut names = HashMap::new();
    let no_names = each::<TakenName>(port, tell, &mut |name, _| {
        names.insert(name.login_name_id.uuid(), name.sub);
    })
    .await?;
    let no_names: HashSet<LoginNameId> = ids(&no_names);
    let no_users = each::<User>(port, tell, &mut |user, tell| {
        told.user(user, tell);
        let name = user.name.id();
        if !no_names.contains(&name) {
            expect_name(user, names.remove(&name.uuid()), tell);
        }
    })
    .await?;
    let no_users: HashSet<SubId> = ids(&no_users);
    let no_sessions =
        each::<Session>(port, tell, &mut |session, tell| told.session(session, tell)).await?;
    let no_sessions: HashSet<SessionId> = ids(&no_sessions);
    // They are there, and were named as what cannot be read.
    told.users.retain(|sub, _| !no_users.contains(&SubId::from_uuid(*sub)));
    told.sessions.retain(|id, _| !no_sessions.contains(&SessionId::from_uuid(*id)));
    names.retain(|_, sub| !no_users.contains(sub));
    told.end(tell);
    for (name, sub) in in_order(names) {
        let name = LoginNameId::from_uuid(name);
        tell(format!("The name {name} leads to user {sub}, whose it is not."));
    }
    Ok(())
}

/// Who is told what is wrong.
type Tell<'t> = dyn FnMut(String) + Send + 't;

/// Reads all records of a kind. Gives the keys of those that cannot be read.
async fn each<R: Record>(
    port: &dyn StorePort,
    tell: &mut Tell<'_>,
    hear: &mut (dyn FnMut(&R, &mut Tell<'_>) + Send),
) -> Result<Vec<String>, StoreError> {
    let mut unreadable = Vec::new();
    let mut after = None;
    loop {
        let Scan { rows, next } = port.scan(R::KIND, after, READ_AT_ONCE).await?;
        for row in rows {
            match row {
                Ok(stored) => {
                    if let Some(record) = stored.downcast::<R>() {
                        hear(&record, tell);
                    }
                }
                Err(bad) => {
                    tell(format!("The {} {} cannot be read: {}.", R::KIND.name, bad.key, bad.why));
                    unreadable.push(bad.key);
                }
            }
        }
        after = next;
        if after.is_none() {
            return Ok(unreadable);
        }
    }
}

/// The ids that those keys are.
fn ids<I: FromStr + Eq + Hash>(keys: &[String]) -> HashSet<I> {
    keys.iter().filter_map(|key| key.parse().ok()).collect()
}

/// What the trail tells.
#[derive(Debug, Default)]
struct Told {
    users: HashMap<u128, Left>,
    sessions: HashMap<u128, Began>,
}

/// How a line left a user.
#[derive(Debug)]
struct Left {
    /// The line's place in the trail.
    line: u64,
    /// None by an older program.
    hash: Option<Hash32>,
}

/// A session that a line began.
#[derive(Debug)]
struct Began {
    line: u64,
    /// None by an older program.
    hash: Option<Hash32>,
    /// How it is by the lines that follow.
    state: SessionState,
}

impl Told {
    /// The next line, in the order of their places.
    fn line(&mut self, line: &AuditLine, tell: &mut Tell<'_>) {
        if line.trail_id != TrailId::of(NAME) {
            return;
        }
        let subject = line.subject.as_str();
        if let Ok(session_id) = subject.parse::<SessionId>() {
            self.session_line(line, session_id, tell);
        }
        // Who signs in or out is named by who did it, everybody else by on whom it was done.
        let by = line.sub.as_ref().map(kernel::Subject::as_str).unwrap_or_default();
        let Ok(sub) = subject.parse::<SubId>().or_else(|_| by.parse()) else { return };
        let place = line.sequence;
        let left = Left { line: place, hash: line.left };
        if [SIGN_UP.name, CREATE_USER.name, FIRST_OPERATOR].contains(&line.operation.as_str()) {
            if let Some(Left { line: before, .. }) = self.users.insert(sub.uuid(), left) {
                tell(format!(
                    "Audit line {NAME}/{place} makes user {sub}, whom audit line {NAME}/{before} made."
                ));
            }
            return;
        }
        // Whom no line made is told by what he is, and stays told.
        let Some(known) = self.users.get_mut(&sub.uuid()).filter(|_| line.left.is_some()) else {
            return;
        };
        let before = std::mem::replace(known, left);
        if before.hash.is_some() && before.hash != line.found {
            let before = before.line;
            tell(format!(
                "Audit line {NAME}/{place} found user {sub} otherwise than audit line {NAME}/{before} \
                 had left him."
            ));
        }
    }

    fn session_line(&mut self, line: &AuditLine, session_id: SessionId, tell: &mut Tell<'_>) {
        let (place, operation) = (line.sequence, line.operation.as_str());
        if operation == LOG_IN.name || operation == CHANGE_PASSWORD.name {
            let began = Began { line: place, hash: line.began, state: SessionState::Active };
            self.sessions.insert(session_id.uuid(), began);
            return;
        }
        let ends_as = match operation {
            REUSE_REFRESH_TOKEN => SessionState::Reused,
            LOG_OUT_EVERYWHERE => SessionState::Ended,
            operation if operation == LOG_OUT.name => SessionState::Ended,
            _ => return,
        };
        let Some(began) = self.sessions.get_mut(&session_id.uuid()) else { return };
        if began.state == SessionState::Active {
            began.state = ends_as;
        } else if operation != LOG_OUT_EVERYWHERE {
            tell(format!("Audit line {NAME}/{place} ends session {session_id}, which had ended."));
        }
    }

    fn user(&mut self, user: &User, tell: &mut Tell<'_>) {
        let sub = user.sub;
        match self.users.remove(&sub.uuid()) {
            None => tell(format!("User {sub} was made by no line of the audit trail.")),
            Some(Left { line, hash: Some(hash) }) if hash != user.hash() => {
                tell(format!("User {sub} is not as audit line {NAME}/{line} left him."));
            }
            Some(_) => {}
        }
    }

    fn session(&mut self, session: &Session, tell: &mut Tell<'_>) {
        let session_id = session.session_id;
        let Some(began) = self.sessions.remove(&session_id.uuid()) else {
            tell(format!("Session {session_id} was begun by no line of the audit trail."));
            return;
        };
        let line = began.line;
        if began.hash.is_some_and(|hash| hash != session.hash_of_beginning()) {
            tell(format!("Session {session_id} is not as audit line {NAME}/{line} began it."));
        }
        if session.state != began.state {
            let (says, told) = (session.state.text(), began.state.text());
            tell(format!("Session {session_id} says {says}, the lines of the audit trail {told}."));
        }
    }

    /// After the last record: of whom and what the trail tells, and nothing else does.
    fn end(self, tell: &mut Tell<'_>) {
        for (sub, Left { line, .. }) in in_order(self.users) {
            let sub = SubId::from_uuid(sub);
            tell(format!("User {sub} is in audit line {NAME}/{line}, and is not there."));
        }
        for (session_id, Began { line, .. }) in in_order(self.sessions) {
            let session_id = SessionId::from_uuid(session_id);
            tell(format!("Session {session_id} is in audit line {NAME}/{line}, and is not there."));
        }
    }
}

/// By whichever name somebody signs in, it leads to him.
fn expect_name(user: &User, leads_to: Option<SubId>, tell: &mut Tell<'_>) {
    let sub = user.sub;
    match leads_to {
        Some(found) if found == sub => {}
        Some(found) => tell(format!("The name of user {sub} leads to user {found}.")),
        None => tell(format!("The name of user {sub} leads to nobody.")),
    }
}

/// The same each time.
fn in_order<T>(map: HashMap<u128, T>) -> Vec<(u128, T)> {
    let mut all: Vec<_> = map.into_iter().collect();
    all.sort_unstable_by_key(|(key, _)| *key);
    all
}

#[cfg(test)]
mod tests;
