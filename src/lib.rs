//! The station's board: wires the planner, the sound, the amplifier's bridge and the disk to the web and the clock.
//!
//! A library only so that tests can put the rooms together with a clock of their own; the program is `main.rs`.

pub mod access;
pub mod airing_log;
pub mod amplifier;
pub mod backup;
mod chimes;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod config;
pub mod daemon;
pub mod demo;
pub mod error;
pub mod events;
pub mod fence;
pub mod ids;
pub mod intake;
pub mod orders;
pub mod planning;
pub mod playout_loop;
pub mod preparing;
pub mod report;
pub mod secrets;
pub mod soundness;
pub mod speech;
pub mod store;
pub mod tls;
pub mod turns;
pub mod web;
