//! What all direct requests share: the id of what they make, the look-up of what they made before,
//! whether the caller may, and the trace of an operator in a wallet that is not his. What they do to a
//! wallet is not here.

use kernel::audit::{Act, AuditLine};
use kernel::record::Hash32;
use kernel::request::Seen;
use kernel::text::{Description, Reference};
use kernel::{
    AnyId, Caller, Id, Known, RequestKey, Subject, Suspend, Time, TransferId, View, WalletId,
};

use super::WalletRefused;
use crate::manifest::MANIFEST;
use crate::records::Entry;

/// The caller's own words on a movement.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Note {
    /// What it is for.
    pub description: Option<Description>,
    /// What he finds it by.
    pub reference: Option<Reference>,
}

/// What a request makes, and how far back it may have been made before.
pub(super) struct Asked {
    pub(super) transfer_id: TransferId,
    pub(super) body_hash: Option<Hash32>,
    pub(super) not_before: Time,
}

impl Asked {
    /// With a key, what the key names; without one, something new.
    pub(super) fn by(view: &mut View<'_>, key: Option<&RequestKey>) -> Self {
        match key {
            Some(key) => {
                Self { transfer_id: key.id(), body_hash: Some(key.body), not_before: Time::MIN }
            }
            None => Self { transfer_id: view.id(), body_hash: None, not_before: view.now() },
        }
    }

    pub(super) fn cause(&self) -> AnyId {
        self.transfer_id.any()
    }
}

/// Why an attempt goes no further.
pub(super) enum Stop {
    /// The view lacks a record.
    Suspended(Suspend),
    /// A rule said no.
    Refused(WalletRefused),
}

impl From<Suspend> for Stop {
    fn from(suspend: Suspend) -> Self {
        Self::Suspended(suspend)
    }
}

impl From<WalletRefused> for Stop {
    fn from(refused: WalletRefused) -> Self {
        Self::Refused(refused)
    }
}

/// An attempt as a decision's outcome. An attempt writes only after its last rule, so that what is
/// refused has written nothing.
pub(super) fn outcome<T>(attempt: Result<T, Stop>) -> Result<Result<T, WalletRefused>, Suspend> {
    match attempt {
        Ok(done) => Ok(Ok(done)),
        Err(Stop::Refused(refused)) => Ok(Err(refused)),
        Err(Stop::Suspended(suspend)) => Err(suspend),
    }
}

/// The wallet of a request.
pub(super) enum Found {
    /// The request made this entry before.
    Again(Known<Entry>),
    /// Its newest entry.
    Head(Known<Entry>),
}

/// The wallet that a request names, if the caller may move its money.
pub(super) fn find(
    view: &mut View<'_>,
    wallet_id: WalletId,
    caller: &Caller,
    asked: &Asked,
) -> Result<Found, Stop> {
    let not_found = WalletRefused::WalletNotFound { wallet_id };
    let chain = view.chain::<Entry>(wallet_id.into(), asked.cause(), asked.not_before)?;
    if let Some(caused) = chain.caused {
        same_body(&caused, asked.body_hash)?;
        return Ok(Found::Again(caused));
    }
    let Some(head) = chain.head else { return Err(not_found.into()) };
    if !caller.is_operator() && owner(view, wallet_id)?.as_ref() != Some(&caller.sub) {
        return Err(not_found.into());
    }
    Ok(Found::Head(head))
}

/// Whether the request that made an entry had the same body, so that the entry answers it again.
pub(super) fn same_body(made: &Entry, body_hash: Option<Hash32>) -> Result<(), WalletRefused> {
    let same = made.body_hash.zip(body_hash).map(|(kept, came)| Seen::compare(kept, came));
    match same {
        Some(Seen::Again) => Ok(()),
        Some(Seen::New | Seen::Reused) | None => Err(WalletRefused::KeyReused),
    }
}

/// The line of the audit trail for an operator who moves the money of a wallet that is not his, for an
/// entry does not say who asked for it. None for its owner, whatever his role. To be asked for before
/// anything is written, as everything that the view may lack.
pub(super) fn audit(
    view: &mut View<'_>,
    caller: &Caller,
    wallet_id: WalletId,
    operation: &'static str,
) -> Result<Option<AuditLine>, Suspend> {
    if !caller.is_operator() || owner(view, wallet_id)?.as_ref() == Some(&caller.sub) {
        return Ok(None);
    }
    let act = Act::of(caller, MANIFEST.name, operation, &wallet_id.to_string());
    AuditLine::of(view, &act).map(Some)
}

/// Whose a wallet is; none if it is not there.
pub(super) fn owner(view: &mut View<'_>, wallet_id: WalletId) -> Result<Option<Subject>, Suspend> {
    let opening = view.get::<Entry>((wallet_id.into(), 0))?;
    Ok(opening.and_then(|opening| opening.owner.clone()))
}
