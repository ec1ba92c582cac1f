//! What a file says of the rows that are not in it any more, and whether that is to be believed.

use crate::boundary::Boundary;
use crate::scan::Scanner;
use crate::trust::Trust;
use crate::verdict::Verdict;

/// Rows that the station removed by the rule of retention, as the file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removal {
    /// The last of them, and the rule.
    pub boundary: Boundary,
    /// Whether the station's key signed that: None when no key of the log's name was given that could have, or another did.
    pub signed: Option<bool>,
    /// The row further down that tells of it.
    pub told: Option<i64>,
}

impl Removal {
    /// What the file says of it; None of a file that begins with a row.
    pub(crate) fn of(scanner: &Scanner) -> Option<Self> {
        let (forgotten, told) = scanner.forgotten()?;
        let signed = forgotten.right.or_else(|| forgotten.signed.is_signed_by(scanner.announced()));
        Some(Self { boundary: forgotten.signed.boundary.clone(), signed, told })
    }

    /// The last row that was removed.
    pub const fn last(&self) -> i64 {
        self.boundary.head.size
    }

    /// A signature that names the station's key and is not by it: somebody made the boundary up.
    pub(crate) fn is_a_lie(&self) -> Option<Verdict> {
        let why = "the file begins with a boundary that names the station's key and is not signed by it";
        (self.signed == Some(false)).then(|| Verdict::Altered { row: self.last(), why: why.to_owned() })
    }

    /// Why the rows before are missing rather than removed.
    pub(crate) fn is_unproven(&self, trust: &Trust) -> Option<Verdict> {
        let (last, origin) = (self.last(), &self.boundary.head.origin);
        if self.signed.is_none() && !trust.stations().contains(origin) {
            let why = format!(
                "the file says that the station removed rows 1 to {last}, and only the station's key can show it; give that of {origin}"
            );
            return Some(Verdict::CannotTell { why });
        }
        if self.signed != Some(true) {
            let why = format!(
                "rows 1 to {last} are missing, and the key that was given did not sign their removal"
            );
            return Some(Verdict::Truncated { row: 1, why });
        }
        self.told.is_none().then(|| {
            let why = format!(
                "rows 1 to {last} are missing, and no row `pruned` of the file tells of their removal: what is removed by the rule is \
                 written down before"
            );
            Verdict::Truncated { row: 1, why }
        })
    }
}
