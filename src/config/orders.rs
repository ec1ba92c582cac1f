//! `[orders]`: whose word a recording needs before it may sound.

use serde::Deserialize;

/// Whose word a recording needs before it may sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    /// An approver's at the station.
    #[default]
    Local,
    /// A publisher's, by a signed order.
    Signed,
    /// Both.
    Both,
}

impl Policy {
    /// The word in the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Signed => "signed",
            Self::Both => "both",
        }
    }
}

/// Signed orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Orders {
    /// Whose word a recording needs.
    pub policy: Policy,
    /// How many keys must have signed an order: 2 asks for the approver's own.
    pub signatures: u8,
}

impl Default for Orders {
    fn default() -> Self {
        Self { policy: Policy::Local, signatures: 1 }
    }
}

impl Orders {
    /// Every rule that is broken, each with its remedy.
    pub(super) fn problems(self) -> Vec<String> {
        if (1..=2).contains(&self.signatures) {
            return Vec::new();
        }
        vec![format!(
            "orders.signatures = {} is neither 1 (the author's key) nor 2 (the approver's too)",
            self.signatures
        )]
    }
}
