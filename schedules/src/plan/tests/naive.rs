//! The planner against a second model, written for nothing but to be obvious: it asks every instant of a day, and
//! counts limits again from all that has sounded whenever it needs them.
//!
//! It knows start rules, running orders, gaps, cuts, the total order, windows and their limits; campaigns have
//! properties of their own.

use super::*;

mod limits;
mod model;
mod properties;
mod stations;
