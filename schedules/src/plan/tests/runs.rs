//! Longer runs: the plan is played, day after day, each slot ends in some way, the log becomes the history of the
//! next plan. What was heard in the end is counted again, by itself.

use super::*;
use crate::calendar::Calendar;
use crate::campaigns::{GRACE_DAYS, MOST_ATTEMPTS, account_in};

mod campaigns;
mod forward;
mod heard;
mod properties;
mod ranges;
mod stations;
