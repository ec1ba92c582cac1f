//! `[amplifier]`: which driver and what is wired to it, as the bridge reads it, and when it tests itself.

use jiff::civil::Time;
use loaxa_firmware_bridge::{AmplifierSettings, SimulatedSettings};
use serde::Deserialize;

/// The amplifier's bridge.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(try_from = "toml::Table")]
pub struct Amplifier {
    /// Driver and wiring.
    pub bridge: AmplifierSettings,
    /// When the quiet self-test runs, by the station's clock; None: only when somebody asks for it.
    pub self_test: Option<Time>,
}

impl Amplifier {
    /// The simulated amplifier as it comes.
    pub fn simulated() -> Self {
        Self { bridge: AmplifierSettings::Simulated(SimulatedSettings::default()), self_test: None }
    }

    /// Every rule that is broken, each with its remedy.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = self.bridge.check();
        if self.self_test.is_some() && self.bridge == AmplifierSettings::None {
            problems.push(
                "amplifier.self_test needs an amplifier; name its driver, or take self_test out".to_owned(),
            );
        }
        problems
    }
}

impl TryFrom<toml::Table> for Amplifier {
    type Error = String;

    fn try_from(mut table: toml::Table) -> Result<Self, String> {
        let wrong = |value: &toml::Value| {
            format!("amplifier.self_test = {value} is no time of day; write \"03:40\", or \"off\"")
        };
        let self_test = match table.remove("self_test") {
            None => None,
            Some(toml::Value::String(word)) if word == "off" => None,
            Some(toml::Value::String(text)) => {
                let time: Time = text.parse().map_err(|_| wrong(&toml::Value::String(text)))?;
                Some(time)
            }
            Some(other) => return Err(wrong(&other)),
        };
        let bridge = AmplifierSettings::deserialize(toml::Value::Table(table))
            .map_err(|error| error.to_string().trim_end().to_owned())?;
        Ok(Self { bridge, self_test })
    }
}
