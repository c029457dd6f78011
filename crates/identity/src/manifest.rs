//! What the service declares. In the one program alone: on AWS there are no functions, no table and no
//! routes for it, for nothing that makes those knows this crate. It hears nothing and says nothing.

use kernel::audit::AuditLine;
use kernel::manifest::{Method, Operation, ServiceManifest, Who};
use kernel::{Kind, Record};

use crate::records::{Session, TakenName, User};

/// The service's name.
pub(crate) const NAME: &str = "identity";

/// Everything that is declared here.
pub static MANIFEST: ServiceManifest = ServiceManifest {
    name: NAME,
    kinds: &[User::KIND, TakenName::KIND, Session::KIND],
    operations: &[
        SIGN_UP,
        LOG_IN,
        REFRESH_SESSION,
        LOG_OUT,
        CHANGE_PASSWORD,
        ISSUE_TOKEN,
        CREATE_USER,
        LIST_USERS,
        GRANT_RIGHT,
        REVOKE_RIGHT,
        DISABLE_USER,
        ENABLE_USER,
        RESET_PASSWORD,
    ],
    subscriptions: &[],
    says: &[],
    due: &[],
    sagas: &[],
};

const USERS: &[&Kind] = &[User::KIND, TakenName::KIND, AuditLine::KIND];
const SESSIONS: &[&Kind] = &[User::KIND, Session::KIND, AuditLine::KIND];

const fn of(
    who: &'static [Who],
    name: &'static str,
    path: &'static str,
    kinds: &'static [&'static Kind],
) -> Operation {
    Operation {
        name,
        method: Method::Post,
        path,
        who,
        reads: kinds,
        writes: kinds,
        lists: &[],
        events_of: &[],
    }
}

/// Somebody makes himself a user.
pub const SIGN_UP: Operation = of(&[Who::Nobody], "sign_up", "/auth/signup", USERS);
/// A session begins.
pub const LOG_IN: Operation = of(&[Who::Nobody], "log_in", "/auth/login", SESSIONS);
/// A session goes on.
pub const REFRESH_SESSION: Operation =
    of(&[Who::Nobody], "refresh_session", "/auth/refresh", SESSIONS);
/// A session ends.
pub const LOG_OUT: Operation = of(&[Who::Nobody], "log_out", "/auth/logout", SESSIONS);
/// A password takes another's place.
pub const CHANGE_PASSWORD: Operation =
    of(&[Who::Nobody], "change_password", "/auth/password", SESSIONS);
/// A service gets a token for its secret.
pub const ISSUE_TOKEN: Operation = Operation {
    writes: &[AuditLine::KIND],
    ..of(&[Who::Nobody], "issue_token", "/auth/token", &[User::KIND, AuditLine::KIND])
};
/// An operator makes a user.
pub const CREATE_USER: Operation = of(&[Who::Operator], "create_user", "/auth/users", USERS);
/// Who can sign in.
pub const LIST_USERS: Operation = Operation {
    method: Method::Get,
    writes: &[],
    lists: &[(User::KIND, "by_state")],
    ..of(&[Who::Operator], "list_users", "/auth/users", &[User::KIND])
};
/// A group or scope more.
pub const GRANT_RIGHT: Operation =
    of(&[Who::Operator], "grant_right", "/auth/users/{sub}/grant", USERS);
/// A group or scope less.
pub const REVOKE_RIGHT: Operation =
    of(&[Who::Operator], "revoke_right", "/auth/users/{sub}/revoke", USERS);
/// He may not sign in any more.
pub const DISABLE_USER: Operation =
    of(&[Who::Operator], "disable_user", "/auth/users/{sub}/disable", USERS);
/// He may again.
pub const ENABLE_USER: Operation =
    of(&[Who::Operator], "enable_user", "/auth/users/{sub}/enable", USERS);
/// Another password for one time, or another secret.
pub const RESET_PASSWORD: Operation =
    of(&[Who::Operator], "reset_password", "/auth/users/{sub}/reset-password", USERS);
