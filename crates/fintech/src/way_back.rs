//! How a data folder gets an operator again who can sign in, where it has none: the command that does it.
//! Not in here: what makes an operator one, see `identity`.

use std::path::Path;
use std::sync::Arc;

use identity::has_operator;
use identity::records::{User, UserState};
use kernel::store::Scan;
use kernel::{Record, Store, StoreError};

use crate::end::Failure;
use crate::output;

/// How many records are read at once.
const READ_AT_ONCE: usize = 1_000;

/// Every user, newest first; whose row cannot be read is told, and left out.
///
/// # Errors
/// When the store cannot.
pub(crate) async fn users(store: &Store) -> Result<Vec<User>, Failure> {
    let mut users: Vec<Arc<User>> = Vec::new();
    let mut after = None;
    loop {
        let scanned = store.port().scan(User::KIND, after, READ_AT_ONCE).await;
        let Scan { rows, next } = scanned.map_err(Failure::cannot_run)?;
        for row in rows {
            match row {
                Ok(stored) => users.extend(stored.downcast::<User>()),
                Err(bad) => output::tell(format_args!(
                    "{bad}; he cannot sign in. `fintech verify` names all that is wrong; restore a backup, \
                     as docs/operate.md says"
                )),
            }
        }
        after = next;
        if after.is_none() {
            break;
        }
    }
    users.sort_by_key(|user| std::cmp::Reverse(user.created_at));
    Ok(users.into_iter().map(|user| (*user).clone()).collect())
}

/// The commands that make an operator who can sign in, one after another; none where there is one. They
/// name nobody but by his id, for what a start tells goes to a log.
///
/// # Errors
/// When the store cannot.
pub(crate) async fn way_back(store: &Store, data: &Path) -> Result<Option<String>, Failure> {
    match has_operator(store, |_| true).await {
        Ok(true) => return Ok(None),
        // A row that cannot be read hides those after it in a list, and in what follows itself alone.
        Ok(false) | Err(StoreError::Broken(_)) => {}
        Err(error) => return Err(Failure::cannot_run(error)),
    }
    let users = users(store).await?;
    let commands = commands(&users, |user| user.is_late(store.now()));
    if commands.is_empty() {
        return Ok(None);
    }
    let data = data.display();
    let whole = commands.iter().map(|command| format!("`fintech user {command} --data {data}`"));
    Ok(Some(whole.collect::<Vec<_>>().join(", then ")))
}

/// What does the least: an operator is let in again before he is given a password, and he before anybody
/// new. Nobody else is ever made one: who is here may have signed himself up.
fn commands(users: &[User], is_late: impl Fn(&User) -> bool) -> Vec<String> {
    let missing = |user: &&User| (is_late(user), user.state == UserState::Disabled);
    let Some(user) = users.iter().filter(|user| user.is_operator()).min_by_key(missing) else {
        return vec!["add --email EMAIL --right operators".to_owned()];
    };
    let (late, disabled) = missing(&user);
    let sub = user.sub;
    let needed = [(disabled, format!("enable {sub}")), (late, format!("reset-password {sub}"))];
    needed.into_iter().filter(|(is_needed, _)| *is_needed).map(|(_, command)| command).collect()
}

#[cfg(test)]
mod tests {
    use identity::records::{LoginName, Proof, ProofState, Right, Rights, UserKind};
    use kernel::request::RecentKeys;
    use kernel::{Id, SubId, Time};

    use super::*;

    /// Somebody: whether he is a person, an operator, let in.
    fn user(number: u128, [is_person, is_operator, is_active]: [bool; 3]) -> User {
        let operators = [Right::new("operators").unwrap()];
        User {
            sub: SubId::from_uuid(number),
            kind: if is_person { UserKind::Person } else { UserKind::Service },
            name: LoginName::service("somebody").unwrap(),
            proof: Proof::new("proof"),
            proof_state: ProofState::Chosen,
            rights: Rights::new(if is_operator { &operators } else { &[] }).unwrap(),
            state: if is_active { UserState::Active } else { UserState::Disabled },
            epoch: 1,
            created_at: Time::MIN,
            updated_at: Time::MIN,
            taken_back_at: None,
            taken_back: None,
            recent_keys: RecentKeys::default(),
            proof_made_at: None,
        }
    }

    #[test]
    fn it_is_what_does_the_least() {
        let sub = |number| SubId::from_uuid(number).to_string();
        let check = |users: &[&User], late: u128, expected: &[String]| {
            let users: Vec<_> = users.iter().map(|user| (*user).clone()).collect();
            let found = commands(&users, |user| user.sub == SubId::from_uuid(late));
            assert_eq!(found, expected);
        };
        let service = user(1, [false, true, true]);
        let add = ["add --email EMAIL --right operators".to_owned()];
        check(&[], 0, &add);
        check(&[&service], 0, &add);
        let disabled = user(2, [true, true, false]);
        let customer = user(3, [true, false, true]);
        let again = [format!("enable {}", sub(2)), format!("reset-password {}", sub(2))];
        check(&[&service, &customer, &disabled], 0, &again[..1]);
        check(&[&disabled], 2, &again);
        // Whoever signed up is nobody to be trusted.
        check(&[&customer], 0, &add);
        check(&[&customer, &service], 3, &add);
    }
}
