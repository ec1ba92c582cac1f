//! The loudness that a station wants, as it is written in its configuration.

use serde::Deserialize;

/// Loudness that recordings are brought to: a number of LUFS, or the word `"off"`.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(try_from = "toml::Value")]
pub enum TargetLufs {
    /// Levels are left as they were pushed; only the true peak is held.
    Off,
    /// Every recording has this integrated loudness, in LUFS (ITU-R BS.1770).
    At(f64),
}

impl Default for TargetLufs {
    /// What listeners of speech on small loudspeakers are given by most broadcasters: -16 LUFS.
    fn default() -> Self {
        Self::At(-16.0)
    }
}

impl TryFrom<toml::Value> for TargetLufs {
    type Error = String;

    fn try_from(value: toml::Value) -> std::result::Result<Self, String> {
        match &value {
            toml::Value::Float(lufs) => Ok(Self::At(*lufs)),
            toml::Value::Integer(lufs) => i32::try_from(*lufs)
                .map(|lufs| Self::At(f64::from(lufs)))
                .map_err(|_| format!("target_lufs = {lufs} is out of range; write -16")),
            toml::Value::String(word) if word == "off" => Ok(Self::Off),
            _ => Err(format!(
                "target_lufs = {value} is neither a loudness nor \"off\"; write -16, or \"off\" to leave levels alone"
            )),
        }
    }
}
