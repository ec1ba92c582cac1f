//! What can be wrong with a schedule.

/// A schedule that cannot be obeyed. Each message names the object and the remedy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScheduleError {
    /// The cron expression cannot be read.
    #[error("cron \"{expression}\": {detail}")]
    BadCron {
        /// As it was given.
        expression: String,
        /// What is wrong, and an example.
        detail: String,
    },
    /// The cron expression can be read, but names no moment that will come.
    #[error(
        "cron \"{expression}\" never fires within its validity and the next ten years; correct the day, the month or the year"
    )]
    NeverFires {
        /// As it was given.
        expression: String,
    },
    /// Not a time of day.
    #[error("\"{text}\" is not a time of day; write HH:MM or HH:MM:SS, from 00:00 to 24:00")]
    BadTimeOfDay {
        /// As it was given.
        text: String,
    },
    /// Not a date and not an instant.
    #[error("\"{text}\" is neither a date nor an instant; write 2026-01-01 or 2026-01-01T17:00:00+07:00")]
    BadBound {
        /// As it was given.
        text: String,
    },
    /// A window that makes no sense.
    #[error("window \"{name}\": {problem}")]
    Window {
        /// Its name.
        name: String,
        /// What is wrong, and the remedy.
        problem: String,
    },
    /// A zone that makes no sense.
    #[error("zone \"{name}\": {problem}")]
    Zone {
        /// Its name.
        name: String,
        /// What is wrong, and the remedy.
        problem: String,
    },
    /// A holiday that makes no sense.
    #[error("holiday \"{name}\": {problem}")]
    Holiday {
        /// Its name.
        name: String,
        /// What is wrong, and the remedy.
        problem: String,
    },
    /// A unit that makes no sense, by itself or among the others.
    #[error("unit \"{name}\": {problem}")]
    Unit {
        /// Its name.
        name: String,
        /// What is wrong, and the remedy.
        problem: String,
    },
    /// A campaign that makes no sense.
    #[error("campaign \"{name}\": {problem}")]
    Campaign {
        /// Its name.
        name: String,
        /// What is wrong, and the remedy.
        problem: String,
    },
    /// A quota that its windows cannot hold.
    #[error("campaign \"{name}\", {problem}")]
    Quota {
        /// The name of the campaign.
        name: String,
        /// The phase, the arithmetic and the remedy.
        problem: String,
        /// The whole sentence in Vietnamese.
        problem_vi: String,
    },
    /// A programme that makes no sense, or that this version does not obey.
    #[error("programme \"{name}\": {problem}")]
    Programme {
        /// Its name.
        name: String,
        /// What is wrong, and the remedy.
        problem: String,
    },
}

impl ScheduleError {
    /// A stable `snake_case` word for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            ScheduleError::BadCron { .. } => "bad_cron",
            ScheduleError::NeverFires { .. } => "never_fires",
            ScheduleError::BadTimeOfDay { .. } => "bad_time_of_day",
            ScheduleError::BadBound { .. } => "bad_bound",
            ScheduleError::Window { .. } => "bad_window",
            ScheduleError::Zone { .. } => "bad_zone",
            ScheduleError::Holiday { .. } => "bad_holiday",
            ScheduleError::Unit { .. } => "bad_unit",
            ScheduleError::Campaign { .. } => "bad_campaign",
            ScheduleError::Quota { .. } => "quota_impossible",
            ScheduleError::Programme { .. } => "bad_programme",
        }
    }

    /// The sentence in Vietnamese, where there is one.
    #[must_use]
    pub fn vietnamese(&self) -> Option<&str> {
        match self {
            ScheduleError::Quota { problem_vi, .. } => Some(problem_vi),
            _ => None,
        }
    }
}
