//! The kernel's GPIO character device. Its calls end at once: they set registers of this very computer.

use gpiocdev::{
    Request,
    line::{Value, Values},
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

impl Chip for KernelChip {
    fn open(&mut self) -> Result<(), String> {
        if self.request.is_some() {
            return Ok(());
        }
        let GpioSettings { zones, power_line, sound_line, sense_line, stop_line, watchdog_line, .. } =
            &self.settings;
        let relays: Vec<u32> = zones.values().chain(power_line).chain(sound_line).copied().collect();
        let inputs: Vec<u32> = sense_line.iter().chain(stop_line).copied().collect();
        let watchdog: Vec<u32> = watchdog_line.iter().copied().collect();
        let mut builder = Request::builder();
        builder.on_chip(&self.settings.chip).with_consumer("loaxa");
        // Off from the very moment in which the lines become outputs.
        builder.with_lines(&relays).as_output(Value::Inactive);
        if self.settings.active_low {
            builder.as_active_low();
        }
        if !inputs.is_empty() {
            builder.with_lines(&inputs).as_input();
            if self.settings.inputs_active_low {
                builder.as_active_low();
            } else {
                builder.as_active_high();
            }
        }
        if !watchdog.is_empty() {
            builder.with_lines(&watchdog).as_output(Value::Inactive).as_active_high();
        }
        let request = builder.request().map_err(|error| format!("cannot be used ({error})"))?;
        self.request = Some(request);
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
