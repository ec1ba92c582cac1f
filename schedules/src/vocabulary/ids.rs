//! Identifiers: one type per kind of object, so that none is taken for another.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

/// The text is not an identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{text}\" is not a {kind} identifier; give the UUID that the station answered when it was made")]
pub struct IdError {
    /// What kind of object was meant.
    pub kind: &'static str,
    /// The text as it was given.
    pub text: String,
}

macro_rules! id {
    ($name:ident, $kind:literal) => {
        #[doc = concat!("Identifies one ", $kind, ".")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                $name(uuid)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                Uuid::parse_str(text).map($name).map_err(|_| IdError { kind: $kind, text: text.to_owned() })
            }
        }
    };
}

id!(SegmentId, "segment");
id!(ProgrammeId, "programme");
id!(WindowId, "window");
id!(ZoneId, "zone");
id!(CampaignId, "campaign");
id!(HolidayId, "holiday");
id!(UnitId, "unit");
id!(EmergencyId, "emergency");
