//! What campaigns owe, and what they want of each day.
//!
//! * `Book` is asked by the planner, day after day, what every campaign wants and whose turn it is.
//! * [`check_campaign`] says before anything is saved what a campaign asks for that cannot be.
//! * [`account`] says what is owed, has aired, is planned and is still possible.
//!
//! The rules are told, with an example worked by hand, in `docs/campaigns.md`.

mod account;
mod arithmetic;
mod book;
mod capacity;
mod check;
mod history;
mod hours;
mod ledger;
mod period;
mod rank;
mod rotation;

pub use account::{Account, PhaseAccount, account, account_in, owed_between};
pub(crate) use book::{Book, Opened, Want};
pub use check::check_campaign;

/// So long after the end of a phase its make-goods may still air, in days.
pub const GRACE_DAYS: i32 = 28;

/// No number of a campaign is tried more often than this.
pub const MOST_ATTEMPTS: u32 = 5;

/// The largest count of a quota.
pub const MOST_AIRINGS: u32 = 1_000;

#[cfg(test)]
mod tests;
