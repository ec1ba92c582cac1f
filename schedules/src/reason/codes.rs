//! The codes: stable words for programs.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal,)+) => {
        /// Every code that a [`Reason`](super::Reason) can carry.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum ReasonCode {
            $($(#[doc = $doc])+ $name,)+
        }

        impl ReasonCode {
            /// Every code.
            pub const ALL: &'static [ReasonCode] = &[$(ReasonCode::$name,)+];

            /// The stable `snake_case` word.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(ReasonCode::$name => $text,)+
                }
            }
        }
    };
}

codes! {
    /// Placed by a programme.
    Planned = "planned",
    /// Placed by a campaign.
    CampaignAiring = "campaign_airing",
    /// Placed by a campaign to repay what was missed.
    CampaignMakeGood = "campaign_make_good",
    /// It waits until what is on the air ends.
    Waits = "waits",
    /// It cuts what is on the air.
    Cuts = "cuts",
    /// It is cut by what comes after it.
    Yields = "yields",
    /// It is heard again, or goes on, after it was cut.
    Resumes = "resumes",
    /// It repays what was missed as soon as possible.
    RepeatedSoon = "repeated_soon",
    /// It repays what was missed in the next session.
    RepeatedNextSession = "repeated_next_session",
    /// It repays what was missed in a gap.
    MakeGood = "make_good",
    /// The programme names a segment that the station does not hold.
    UnknownSegment = "unknown_segment",
    /// Nobody has approved the segment.
    NotApproved = "not_approved",
    /// What is kept is not what was approved.
    ApprovalAltered = "approval_altered",
    /// The segment was rejected.
    Rejected = "rejected",
    /// The segment was taken back.
    Withdrawn = "withdrawn",
    /// The segment's validity is over.
    Expired = "expired",
    /// The segment's validity has not begun.
    NotYetValid = "not_yet_valid",
    /// No signed order lets the segment air then and there.
    NoOrder = "no_order",
    /// The segment is not decoded yet.
    NotPrepared = "not_prepared",
    /// An emergency is never planned.
    EmergencyClass = "emergency_class",
    /// None of the zones exists.
    UnknownZone = "unknown_zone",
    /// The station has no window at all.
    NoWindowDefined = "no_window_defined",
    /// No window is open at the start.
    OutsideWindow = "outside_window",
    /// The window closes before the end.
    BeyondWindowEnd = "beyond_window_end",
    /// Something that goes before it has the time.
    Overlap = "overlap",
    /// Something in other zones has the one output.
    OneOutput = "one_output",
    /// It may not wait any longer.
    WaitedTooLong = "waited_too_long",
    /// No gap of the day holds it.
    NoRoom = "no_room",
    /// The programme does not air on holidays.
    SkipsHoliday = "skips_holiday",
    /// A holiday closes the station.
    ClosedDay = "closed_day",
    /// Music is silent on that day.
    NoMusic = "no_music",
    /// The window's minutes of one session are used up.
    LimitMinutesPerSession = "limit_minutes_per_session",
    /// The window's minutes of the day are used up.
    LimitMinutesPerDay = "limit_minutes_per_day",
    /// The window's minutes of the week are used up.
    LimitMinutesPerWeek = "limit_minutes_per_week",
    /// The window's sessions of the day are used up.
    LimitSessionsPerDay = "limit_sessions_per_day",
    /// The window's days of the week are used up.
    LimitDaysPerWeek = "limit_days_per_week",
    /// The station was not running.
    StationOff = "station_off",
    /// The clock was set forward over it.
    ClockStep = "clock_step",
    /// The clock could not be trusted.
    ClockUntrusted = "clock_untrusted",
    /// The station was too late.
    Late = "late",
    /// Somebody pressed STOP.
    LocalStop = "local_stop",
    /// The plan changed.
    PlanChanged = "plan_changed",
    /// The airing log could not be written.
    LogUnwritable = "log_unwritable",
    /// The amplifier did not confirm.
    AmplifierNotReady = "amplifier_not_ready",
    /// The output could not be opened.
    OutputNotReady = "output_not_ready",
    /// The prepared PCM is not what was approved, or could not be read.
    PcmRefused = "pcm_refused",
    /// The amplifier failed during the airing.
    AmplifierLost = "amplifier_lost",
    /// The output failed during the airing.
    OutputLost = "output_lost",
    /// The output ended before the recording did.
    EndedEarly = "ended_early",
    /// The power was cut or the process died during the airing.
    Interrupted = "interrupted",
    /// The station was shut down during the airing.
    Shutdown = "shutdown",
    /// Played, but the amplifier did not confirm it throughout.
    Unconfirmed = "unconfirmed",
    /// Cut for another slot, as planned.
    Yielded = "yielded",
    /// It gave way to an emergency.
    YieldedToEmergency = "yielded_to_emergency",
    /// Sent at once, outside every plan.
    Emergency = "emergency",
    /// The emergency expired before it could be heard.
    EmergencyExpired = "emergency_expired",
    /// The emergency was taken back.
    EmergencyWithdrawn = "emergency_withdrawn",
}

impl fmt::Display for ReasonCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
