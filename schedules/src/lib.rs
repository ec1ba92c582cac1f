//! The pure planner and playout of a commune's loudspeaker station.
//!
//! Nothing here reads a clock, a file or a network: time is passed in, and what should happen comes out as
//! data. [`mod@plan`] turns the station's windows, programmes and segments into ordered slots, each with its
//! reason; [`playout`] turns slots into commands for the output and the amplifier and into exactly one
//! outcome for each; [`mod@reconcile`] says what becomes of airings that a power cut left open.

#![forbid(unsafe_code)]

pub mod calendar;
pub mod campaigns;
pub mod error;
pub mod overlong;
pub mod plan;
pub mod playout;
pub mod presets;
pub mod reason;
pub mod reconcile;
pub mod recurrence;
pub mod simulation;
pub mod units;
pub mod vocabulary;
pub mod volume;

pub use calendar::{Calendar, Day, LunarDate};
pub use campaigns::{Account, PhaseAccount, account, account_in, check_campaign, owed_between};
pub use error::ScheduleError;
pub use overlong::{Overlong, overlong};
pub use plan::{
    AfterPreemption, Busy, DayPlan, Difference, Entry, HISTORY_DAYS, Move, Origin, PastAiring, Permit, Reach,
    Refusal, Resumption, Saved, Slot, SlotKey, Snapshot, Traces, Yield, difference, plan, plan_days, reach,
};
pub use playout::{
    Activity, AmplifierState, Command, Input, NextSlot, Now, Playout, PlayoutSettings, PlayoutView, Stage,
};
pub use reason::{Reason, ReasonCode};
pub use reconcile::{Closing, Interruption, OpenAiring, reconcile};
pub use recurrence::Cron;
pub use units::{Precedence, Units};
pub use vocabulary::{
    Announced, Bound, Campaign, CampaignId, Class, DateSpan, DayEffect, EmergencyId, Holiday, HolidayId,
    HolidayRule, IdError, Limits, MissedRule, OnHolidays, Ordered, OrderedIn, Outcome, Period, Phase,
    PreparedFacts, Programme, ProgrammeId, Quota, Recurrence, Rotation, SegmentFacts, SegmentId, Share,
    Standing, StartRule, TimeOfDay, Trim, Unit, UnitId, Weekday, Window, WindowId, Zone, ZoneId,
};
pub use volume::Volume;
