//! Administrative units: names, codes and parents change with dates, and history keeps the old ones.

use super::UnitId;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// A unit of the administration, for as long as it was called so and stood there.
///
/// A unit that is renamed, merged or moved under another parent ends, and a new one begins: nothing that names
/// the old one changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unit {
    /// Identity.
    pub id: UnitId,
    /// The official code; one code names one unit at a time.
    pub code: String,
    /// What people call it.
    pub name: String,
    /// The word for its tier, as people configure it ("xã", "tỉnh").
    pub tier: String,
    /// The unit above it; None is the top. The tier's rank is the number of units above.
    #[serde(default)]
    pub parent: Option<UnitId>,
    /// First day; None is "always was".
    #[serde(default)]
    pub valid_from: Option<Date>,
    /// Last day; None is "until further notice".
    #[serde(default)]
    pub valid_until: Option<Date>,
}
