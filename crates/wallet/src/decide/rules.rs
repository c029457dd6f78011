//! The rules of money in a wallet: pure functions from what a wallet is to what it is after, or to a
//! refusal. Who may ask, and what is written, is not here.

use kernel::money::{Balance, Currency, MINOR_MAX};
use kernel::{Amount, Time, WalletId};

use super::WalletRefused;
use crate::records::{Direction, Entry, Hold, HoldState, WalletStatus};

/// What a wallet is after an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wallet {
    /// Which.
    pub wallet_id: WalletId,
    /// Whether anything can be done with it.
    pub status: WalletStatus,
    /// What is in it.
    pub balance: Balance,
    /// How much of that is held.
    pub held: Balance,
}

impl Wallet {
    /// What the wallet is after `entry`; none if it is no wallet's.
    pub fn after(entry: &Entry) -> Option<Self> {
        let balance = u64::try_from(entry.balance_after).ok()?;
        Some(Self {
            wallet_id: entry.account_id.wallet()?,
            status: entry.status,
            balance: Balance::from_minor(balance, entry.currency).ok()?,
            held: Balance::from_minor(entry.held_after, entry.currency).ok()?,
        })
    }

    /// Its currency.
    pub fn currency(&self) -> Currency {
        self.balance.currency()
    }

    /// What can leave: the balance less what is held.
    pub fn available(&self) -> Balance {
        match self.balance.less_held(self.held) {
            Some(available) => available,
            None => unreachable!("more is held than is there in {}", self.wallet_id),
        }
    }
}

/// Money arrives, in a frozen wallet too.
///
/// # Errors
/// `WalletClosed`, `CurrencyMismatch`, `BalanceLimit`.
pub fn credit(wallet: &Wallet, amount: Amount) -> Result<Wallet, WalletRefused> {
    not_closed(wallet)?;
    same_currency(wallet, amount)?;
    let Some(balance) = wallet.balance.plus(amount) else {
        return Err(WalletRefused::BalanceLimit {
            wallet_id: wallet.wallet_id,
            limit: limit(wallet.currency()),
        });
    };
    assert_eq!(balance.minus(amount), Some(wallet.balance), "a credit made or lost money");
    Ok(Wallet { balance, ..*wallet })
}

/// Money leaves.
///
/// # Errors
/// `WalletClosed`, `WalletFrozen`, `CurrencyMismatch`, `InsufficientFunds`.
pub fn debit(wallet: &Wallet, amount: Amount) -> Result<Wallet, WalletRefused> {
    let available_after = spend(wallet, amount)?;
    let Some(balance) = wallet.balance.minus(amount) else {
        unreachable!("what is available is in the balance");
    };
    assert_eq!(balance.less_held(wallet.held), Some(available_after), "a debit took held money");
    Ok(Wallet { balance, ..*wallet })
}

/// Money moves the way that `direction` says.
///
/// # Errors
/// As [`credit`] or [`debit`].
pub fn moved(
    wallet: &Wallet,
    direction: Direction,
    amount: Amount,
) -> Result<Wallet, WalletRefused> {
    match direction {
        Direction::Credit => credit(wallet, amount),
        Direction::Debit => debit(wallet, amount),
    }
}

/// Money is set aside: it stays in the wallet and cannot leave it.
///
/// # Errors
/// As [`debit`].
pub fn hold(wallet: &Wallet, amount: Amount) -> Result<Wallet, WalletRefused> {
    let available_after = spend(wallet, amount)?;
    let Some(held) = wallet.held.plus(amount) else {
        unreachable!("what is held is in the balance, which has its bound");
    };
    assert_eq!(wallet.balance.less_held(held), Some(available_after), "a hold moved money");
    Ok(Wallet { held, ..*wallet })
}

/// `amount` of what is held leaves; the rest of the hold is free again.
///
/// # Errors
/// `HoldCaptured`, `HoldVoided`, `HoldExpired` (from `expires_at` on, whether or not the clock has
/// been there), `WalletFrozen`, `CurrencyMismatch`, `CaptureExceedsHold`.
pub fn capture(
    wallet: &Wallet,
    hold: &Hold,
    amount: Amount,
    now: Time,
) -> Result<Wallet, WalletRefused> {
    let expires_at = hold.expires_at;
    match hold.state {
        HoldState::Captured => return Err(WalletRefused::HoldCaptured),
        HoldState::Voided => return Err(WalletRefused::HoldVoided),
        HoldState::Expired => return Err(WalletRefused::HoldExpired { expires_at }),
        HoldState::Pending if expires_at <= now => {
            return Err(WalletRefused::HoldExpired { expires_at });
        }
        HoldState::Pending => {}
    }
    not_frozen(wallet)?;
    same_currency(wallet, amount)?;
    if amount.minor() > hold.amount {
        let Ok(held) = Balance::from_minor(hold.amount, hold.currency) else {
            unreachable!("a hold's amount has its bound");
        };
        return Err(WalletRefused::CaptureExceedsHold { held });
    }
    let released = release(wallet, hold);
    let Some(balance) = released.balance.minus(amount) else {
        unreachable!("what is held is in the balance");
    };
    assert_eq!(balance.plus(amount), Some(wallet.balance), "a capture made or lost money");
    Ok(Wallet { balance, ..released })
}

/// What is held is free again, in a frozen wallet too.
pub fn release(wallet: &Wallet, hold: &Hold) -> Wallet {
    assert_eq!(hold.wallet_id, wallet.wallet_id, "the hold is another wallet's");
    assert_eq!(hold.state, HoldState::Pending, "a hold is released once");
    let Some(held) = wallet.held.minus(hold.amount()) else {
        unreachable!("a pending hold is part of what is held in {}", wallet.wallet_id);
    };
    Wallet { held, ..*wallet }
}

/// No money leaves any more.
///
/// # Errors
/// `WrongStatus` unless it is active.
pub fn freeze(wallet: &Wallet) -> Result<Wallet, WalletRefused> {
    change(wallet, &[WalletStatus::Active], WalletStatus::Frozen)
}

/// Money leaves again.
///
/// # Errors
/// `WrongStatus` unless it is frozen.
pub fn unfreeze(wallet: &Wallet) -> Result<Wallet, WalletRefused> {
    change(wallet, &[WalletStatus::Frozen], WalletStatus::Active)
}

/// Nothing more is booked.
///
/// # Errors
/// `WrongStatus` if it is closed, `WalletNotEmpty`.
pub fn close(wallet: &Wallet) -> Result<Wallet, WalletRefused> {
    let closed =
        change(wallet, &[WalletStatus::Active, WalletStatus::Frozen], WalletStatus::Closed)?;
    let Wallet { wallet_id, balance, held, .. } = *wallet;
    if balance.amount().is_some() || held.amount().is_some() {
        return Err(WalletRefused::WalletNotEmpty { wallet_id, balance, held });
    }
    Ok(closed)
}

/// The most that a balance can be.
fn limit(currency: Currency) -> Balance {
    match Balance::from_minor(MINOR_MAX, currency) {
        Ok(limit) => limit,
        Err(refused) => unreachable!("the largest balance {refused}"),
    }
}

fn change(
    wallet: &Wallet,
    from: &[WalletStatus],
    wanted: WalletStatus,
) -> Result<Wallet, WalletRefused> {
    if from.contains(&wallet.status) {
        Ok(Wallet { status: wanted, ..*wallet })
    } else {
        Err(WalletRefused::WrongStatus { status: wallet.status, wanted })
    }
}

/// What is available after `amount` left or was held.
fn spend(wallet: &Wallet, amount: Amount) -> Result<Balance, WalletRefused> {
    not_closed(wallet)?;
    not_frozen(wallet)?;
    same_currency(wallet, amount)?;
    let (wallet_id, available) = (wallet.wallet_id, wallet.available());
    available.minus(amount).ok_or(WalletRefused::InsufficientFunds { wallet_id, available })
}

fn not_closed(wallet: &Wallet) -> Result<(), WalletRefused> {
    match wallet.status {
        WalletStatus::Active | WalletStatus::Frozen => Ok(()),
        WalletStatus::Closed => Err(WalletRefused::WalletClosed { wallet_id: wallet.wallet_id }),
    }
}

fn not_frozen(wallet: &Wallet) -> Result<(), WalletRefused> {
    match wallet.status {
        WalletStatus::Active => Ok(()),
        WalletStatus::Frozen => Err(WalletRefused::WalletFrozen { wallet_id: wallet.wallet_id }),
        WalletStatus::Closed => Err(WalletRefused::WalletClosed { wallet_id: wallet.wallet_id }),
    }
}

fn same_currency(wallet: &Wallet, amount: Amount) -> Result<(), WalletRefused> {
    let (wallet_id, currency, asked) = (wallet.wallet_id, wallet.currency(), amount.currency());
    if currency == asked {
        Ok(())
    } else {
        Err(WalletRefused::CurrencyMismatch { wallet_id, wallet: currency, asked })
    }
}
