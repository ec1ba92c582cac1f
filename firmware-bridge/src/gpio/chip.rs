//! The kernel's GPIO character device. Its calls end at once: they set registers of this very computer.

use gpiocdev::{
    Error, Request,
    line::{Value, Values},
    request::Builder,
};

use super::Chip;
use crate::GpioSettings;

/// A chip of the kernel.
pub(super) struct KernelChip {
    settings: GpioSettings,
    /// `None`: its lines are not taken.
    request: Option<Request>,
}

impl KernelChip {
    pub(super) fn new(settings: &GpioSettings) -> Self {
        Self { settings: settings.clone(), request: None }
    }

    fn taken(&self) -> Result<&Request, String> {
        self.request.as_ref().ok_or_else(|| "is not open".to_owned())
    }
}

/// What is asked of the kernel: every output inactive from the very moment in which its line becomes one.
fn asked(settings: &GpioSettings) -> Builder {
    let GpioSettings { zones, power_line, sound_line, sense_line, stop_line, watchdog_line, .. } = settings;
    let relays: Vec<u32> = zones.values().chain(power_line).chain(sound_line).copied().collect();
    let inputs: Vec<u32> = sense_line.iter().chain(stop_line).copied().collect();
    let watchdog: Vec<u32> = watchdog_line.iter().copied().collect();
    let mut builder = Request::builder();
    builder.on_chip(&settings.chip).with_consumer("loaxa");
    builder.with_lines(&relays).as_output(Value::Inactive);
    if settings.active_low {
        builder.as_active_low();
    }
    if !inputs.is_empty() {
        builder.with_lines(&inputs).as_input();
        if settings.inputs_active_low {
            builder.as_active_low();
        } else {
            builder.as_active_high();
        }
    }
    if !watchdog.is_empty() {
        builder.with_lines(&watchdog).as_output(Value::Inactive).as_active_high();
    }
    builder
}

/// What the kernel's refusal means to a technician. The library does not name the type in which it keeps the number of
/// the system's error, so that is read from its words.
fn refusal(error: &Error) -> String {
    let said = error.to_string();
    let known = [
        ("(os error 2)", "is not there"),
        (
            "(os error 13)",
            "may not be opened by this program: its user belongs into the group of the chip, usually gpio",
        ),
        ("(os error 16)", "has a line that something else uses"),
        ("(os error 19)", "is gone"),
        ("(os error 22)", "has no such line"),
    ];
    let known = known.into_iter().find(|(number, _)| said.contains(number)).map(|(_, means)| means);
    match (known, error) {
        (Some(means), _) => format!("{means} ({said})"),
        (None, Error::GpioChip(..)) => format!("is no GPIO chip ({said})"),
        (None, _) => format!("cannot be used ({said})"),
    }
}

impl Chip for KernelChip {
    fn open(&mut self) -> Result<(), String> {
        if self.request.is_none() {
            self.request = Some(asked(&self.settings).request().map_err(|error| refusal(&error))?);
        }
        Ok(())
    }

    fn close(&mut self) {
        self.request = None;
    }

    fn set(&mut self, lines: &[(u32, bool)]) -> Result<(), String> {
        let values: Values = lines.iter().map(|(line, on)| (*line, Value::from(*on))).collect();
        self.taken()?.set_values(&values).map_err(|error| format!("cannot be set ({error})"))
    }

    fn get(&mut self, lines: &[u32]) -> Result<Vec<bool>, String> {
        let mut values = Values::from_offsets(lines);
        self.taken()?.values(&mut values).map_err(|error| format!("cannot be read ({error})"))?;
        let read = |line: &u32| match values.get(*line) {
            Some(value) => Ok(bool::from(value)),
            None => Err(format!("does not say what line {line} is")),
        };
        lines.iter().map(read).collect()
    }
}

#[cfg(test)]
mod tests {
    use gpiocdev::line::Direction;

    use super::*;
    use crate::{AmplifierSettings, BridgeError};

    fn settings(text: &str) -> GpioSettings {
        let text = format!("driver = \"gpio\"\nchip = \"/dev/null\"\nzones = {{ a = 17, b = 27 }}\n{text}");
        match toml::from_str(&text).unwrap() {
            AmplifierSettings::Gpio(settings) => settings,
            other => panic!("{other:?}"),
        }
    }

    /// Every line as the kernel is asked for it: whether it is an output and at once off, and its active level.
    #[test]
    fn every_line_is_asked_for_with_its_own_level_and_relays_are_off_at_once() {
        let pins = "power_line = 22\nsound_line = 23\nsense_line = 24\nstop_line = 25\nwatchdog_line = 5\n";
        for (levels, relays_low, inputs_low) in [
            ("", true, false),
            ("active_low = false\n", false, false),
            ("inputs_active_low = true\n", true, true),
            ("active_low = false\ninputs_active_low = true\n", false, true),
        ] {
            let config = asked(&settings(&format!("{pins}{levels}"))).config();
            assert_eq!(config.chip().to_str(), Some("/dev/null"));
            assert_eq!(config.num_lines(), 7);
            for (line, output, low) in [
                (17, true, relays_low),
                (27, true, relays_low),
                (22, true, relays_low),
                (23, true, relays_low),
                (24, false, inputs_low),
                (25, false, inputs_low),
                (5, true, false),
            ] {
                let asked = config.line_config(line).unwrap();
                let direction = if output { Direction::Output } else { Direction::Input };
                assert_eq!(asked.direction, Some(direction), "line {line} {levels}");
                assert_eq!(asked.active_low, low, "line {line} {levels}");
                assert_eq!(asked.value, output.then_some(Value::Inactive), "line {line} {levels}");
            }
        }
    }

    #[test]
    fn few_lines_are_asked_for_alone() {
        let config = asked(&settings("")).config();
        assert_eq!(config.num_lines(), 2);
        assert!([17, 27].iter().all(|line| config.line_config(*line).unwrap().active_low));
    }

    /// The library itself, against what is no chip: errors with a remedy, in every call, and no panic.
    #[tokio::test]
    async fn what_is_no_chip_is_said_and_tried_again() {
        for (chip, word) in [("/dev/gpiochip-none", "is not there"), ("/dev/null", "is no GPIO chip")] {
            let settings = GpioSettings { chip: chip.to_owned(), ..settings("") };
            let mut kernel = KernelChip::new(&settings);
            assert_eq!(kernel.set(&[(17, true)]).unwrap_err(), "is not open");
            assert_eq!(kernel.get(&[17]).unwrap_err(), "is not open");
            let refused = kernel.open().unwrap_err();
            assert!(refused.contains(word), "{chip}: {refused}");
            kernel.close();
            let mut amplifier = crate::gpio::driver(&settings);
            for _ in 0..2 {
                let error = amplifier.release().await.unwrap_err();
                assert!(matches!(&error, BridgeError::Line { line, .. } if line == chip), "{error}");
                assert!(
                    error.to_string().contains(word) && error.to_string().contains("gpioinfo"),
                    "{error}"
                );
            }
            assert!(amplifier.line().reopened >= 2 && amplifier.identity().is_none());
        }
    }
}
