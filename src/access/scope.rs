//! What can be allowed, and the roles that bundle it.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// One thing that can be allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Scope {
    /// Push segments, withdraw them.
    #[serde(rename = "segments:write")]
    SegmentsWrite,
    /// Decide whether other people's segments may air.
    #[serde(rename = "segments:approve")]
    SegmentsApprove,
    /// Change windows, programmes and zones.
    #[serde(rename = "schedule:write")]
    ScheduleWrite,
    /// Read the airing log.
    #[serde(rename = "airings:read")]
    AiringsRead,
    /// Air an emergency, stop the station.
    #[serde(rename = "emergency")]
    Emergency,
    /// Manage people, tokens and the clock. Never airs anything.
    #[serde(rename = "admin")]
    Admin,
    /// See the station's state and plan.
    #[serde(rename = "status:read")]
    StatusRead,
    /// Try the amplifier without sound, and take note of its faults. Never airs anything.
    #[serde(rename = "amplifier")]
    Amplifier,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 8] = [
        Self::SegmentsWrite,
        Self::SegmentsApprove,
        Self::ScheduleWrite,
        Self::AiringsRead,
        Self::Emergency,
        Self::Admin,
        Self::StatusRead,
        Self::Amplifier,
    ];

    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SegmentsWrite => "segments:write",
            Self::SegmentsApprove => "segments:approve",
            Self::ScheduleWrite => "schedule:write",
            Self::AiringsRead => "airings:read",
            Self::Emergency => "emergency",
            Self::Admin => "admin",
            Self::StatusRead => "status:read",
            Self::Amplifier => "amplifier",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Scope {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text).ok_or_else(|| {
            let known: Vec<&str> = Self::ALL.iter().map(|scope| scope.as_str()).collect();
            format!("{text:?} is not a scope; the scopes are {}", known.join(", "))
        })
    }
}

/// What a person is to the station.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Pushes segments and schedules them.
    Broadcaster,
    /// Plans.
    Scheduler,
    /// Decides what may air.
    Approver,
    /// Reads the log.
    Auditor,
    /// Manages people and keys; can never air.
    Admin,
    /// Airs emergencies and stops the station.
    Emergency,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 6] =
        [Self::Broadcaster, Self::Scheduler, Self::Approver, Self::Auditor, Self::Admin, Self::Emergency];

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Broadcaster => "broadcaster",
            Self::Scheduler => "scheduler",
            Self::Approver => "approver",
            Self::Auditor => "auditor",
            Self::Admin => "admin",
            Self::Emergency => "emergency",
        }
    }

    /// What it may do.
    pub fn scopes(self) -> BTreeSet<Scope> {
        use Scope::{
            Admin, AiringsRead, Amplifier, Emergency, ScheduleWrite, SegmentsApprove, SegmentsWrite,
            StatusRead,
        };
        let scopes: &[Scope] = match self {
            Self::Broadcaster => &[SegmentsWrite, ScheduleWrite, AiringsRead, StatusRead],
            Self::Scheduler => &[SegmentsWrite, ScheduleWrite, AiringsRead, StatusRead],
            Self::Approver => &[SegmentsApprove, AiringsRead, StatusRead],
            Self::Auditor => &[AiringsRead, StatusRead],
            Self::Admin => &[Admin, Amplifier, AiringsRead, StatusRead],
            Self::Emergency => &[Emergency, StatusRead],
        };
        scopes.iter().copied().collect()
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|role| role.as_str() == text).ok_or_else(|| {
            let known: Vec<&str> = Self::ALL.iter().map(|role| role.as_str()).collect();
            format!("{text:?} is not a role; the roles are {}", known.join(", "))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back() {
        for scope in Scope::ALL {
            assert_eq!(scope.as_str().parse::<Scope>(), Ok(scope));
            assert_eq!(serde_json::to_string(&scope).unwrap(), format!("{:?}", scope.as_str()));
        }
        for role in Role::ALL {
            assert_eq!(role.as_str().parse::<Role>(), Ok(role));
        }
        assert!("everything".parse::<Scope>().is_err());
    }

    #[test]
    fn the_administrator_can_put_nothing_on_air() {
        let scopes = Role::Admin.scopes();
        for airing in [Scope::SegmentsWrite, Scope::SegmentsApprove, Scope::ScheduleWrite, Scope::Emergency] {
            assert!(!scopes.contains(&airing), "{airing}");
        }
    }
}
