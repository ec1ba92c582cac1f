//! The driver against a chip in memory; the kernel's own is a thin layer below. Time is virtual.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use super::*;
use crate::BridgeError;

const POWER: u32 = 10;
const SOUND: u32 = 11;
const SENSE: u32 = 20;
const STOP: u32 = 21;
const WATCHDOG: u32 = 30;

#[derive(Default)]
struct State {
    /// `None` until the lines are taken.
    lines: Option<BTreeMap<u32, bool>>,
    broken: Option<&'static str>,
    stuck: Option<u32>,
    inputs: BTreeMap<u32, bool>,
    opened: u32,
    /// The relays' states one after the other, and how often the watchdog's line changed.
    history: Vec<Vec<u32>>,
    beats: u32,
}

#[derive(Clone, Default)]
struct Model(Arc<Mutex<State>>);

impl Model {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    fn on(&self) -> Vec<u32> {
        let state = self.lock();
        let lines = state.lines.iter().flatten();
        lines.filter(|(line, on)| **on && **line != WATCHDOG).map(|(line, _)| *line).collect()
    }
}

impl Chip for Model {
    fn open(&mut self) -> Result<(), String> {
        let mut state = self.lock();
        if let Some(problem) = state.broken {
            return Err(problem.to_owned());
        }
        if state.lines.is_none() {
            state.opened += 1;
            state.lines = Some([1, 2, 3, POWER, SOUND, WATCHDOG].map(|line| (line, false)).into());
        }
        Ok(())
    }

    fn close(&mut self) {
        self.lock().lines = None;
    }

    fn set(&mut self, lines: &[(u32, bool)]) -> Result<(), String> {
        let mut state = self.lock();
        let stuck = state.stuck;
        for (line, on) in lines.iter().filter(|(line, _)| Some(*line) != stuck) {
            let was = state.lines.as_mut().unwrap().insert(*line, *on);
            assert!(was.is_some(), "line {line} was never taken as an output");
            state.beats += u32::from(*line == WATCHDOG && was != Some(*on));
        }
        drop(state);
        let now = self.on();
        let mut state = self.lock();
        if state.history.last() != Some(&now) {
            state.history.push(now);
        }
        Ok(())
    }

    fn get(&mut self, lines: &[u32]) -> Result<Vec<bool>, String> {
        let state = self.lock();
        let outputs = state.lines.as_ref().unwrap();
        let value = |line: &u32| outputs.get(line).or_else(|| state.inputs.get(line)).copied();
        lines.iter().map(|line| value(line).ok_or_else(|| format!("has no line {line}"))).collect()
    }
}

fn amplifier() -> (Sequenced<Pins<Model>>, Model) {
    let settings = GpioSettings {
        chip: "/dev/gpiochip0".to_owned(),
        active_low: true,
        zones: [("a".to_owned(), 1), ("b".to_owned(), 2), ("c".to_owned(), 3)].into(),
        power_line: Some(POWER),
        sound_line: Some(SOUND),
        sense_line: Some(SENSE),
        stop_line: Some(STOP),
        inputs_active_low: false,
        watchdog_line: Some(WATCHDOG),
        power_settle: Duration::from_millis(2_500),
        relay_settle: Duration::from_millis(20),
        unmute_settle: Duration::from_millis(50),
        dead_man: Some(Duration::from_secs(3)),
    };
    let model = Model::default();
    model.lock().inputs = [(SENSE, false), (STOP, false)].into();
    let Settling { power, relay, unmute } = Settling {
        power: settings.power_settle,
        relay: settings.relay_settle,
        unmute: settings.unmute_settle,
    };
    let zones = settings.zones.keys().cloned().collect();
    let amplifier =
        Sequenced::new(Pins::new(model.clone(), &settings), zones, Settling { power, relay, unmute });
    (amplifier, model)
}

fn zones(names: &str) -> Vec<String> {
    names.split_whitespace().map(str::to_owned).collect()
}

#[tokio::test(start_paused = true)]
async fn the_way_there_and_back() {
    let (mut amplifier, chip) = amplifier();
    assert!(chip.lock().lines.is_none(), "nothing is taken before the first order");
    amplifier.energise(&zones("a b")).await.unwrap();
    let status = amplifier.unmute().await.unwrap();
    status.confirm_energised(&zones("a b")).unwrap();
    amplifier.mute().await.unwrap();
    amplifier.energise(&zones("c")).await.unwrap();
    amplifier.release().await.unwrap().confirm_dark().unwrap();
    let expected: &[&[u32]] = &[
        &[POWER],
        &[1, 2, POWER],
        &[1, 2, POWER, SOUND],
        &[1, 2, POWER],
        &[POWER],
        &[3, POWER],
        &[POWER],
        &[],
    ];
    assert_eq!(chip.lock().history, expected);
}

#[tokio::test(start_paused = true)]
async fn the_watchdog_outside_is_fed_while_power_settles_and_by_each_sign_of_life_alone() {
    let (mut amplifier, chip) = amplifier();
    amplifier.energise(&zones("a")).await.unwrap();
    let so_far = chip.lock().beats;
    assert!(so_far >= 4, "{so_far} beats while settling for 2.5 s of a dead man's 3 s");
    amplifier.hold().await.unwrap();
    assert_eq!(chip.lock().beats, so_far + 1);
    amplifier.status().await.unwrap();
    assert_eq!(chip.lock().beats, so_far + 1, "reading is no sign of life");
    assert_eq!(amplifier.dead_man(), Some(Duration::from_secs(3)));
}

#[tokio::test(start_paused = true)]
async fn the_stop_button_switches_off_and_refuses() {
    let (mut amplifier, chip) = amplifier();
    amplifier.energise(&zones("a")).await.unwrap();
    amplifier.unmute().await.unwrap();
    chip.lock().inputs.insert(STOP, true);
    let status = amplifier.hold().await.unwrap();
    assert_eq!(status.signals.stop.and_then(Reading::value), Some(true));
    assert!(chip.on().is_empty());
    let error = amplifier.energise(&zones("a")).await.unwrap_err();
    assert!(matches!(error, BridgeError::Stopped { .. }), "{error}");
    chip.lock().inputs.insert(STOP, false);
    chip.lock().inputs.insert(SENSE, true);
    let status = amplifier.energise(&zones("a")).await.unwrap();
    assert_eq!(status.signals.ready.and_then(Reading::value), Some(true));
}

#[tokio::test(start_paused = true)]
async fn a_pin_that_does_not_follow_is_a_mismatch() {
    let (mut amplifier, chip) = amplifier();
    chip.lock().stuck = Some(2);
    let error = amplifier.energise(&zones("a b")).await.unwrap_err();
    assert!(error.to_string().contains("zone b was switched on but reads off"), "{error}");
    amplifier.release().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_chip_that_fails_is_taken_anew_with_everything_off() {
    let (mut amplifier, chip) = amplifier();
    chip.lock().broken = Some("cannot be used (no such file)");
    let error = amplifier.status().await.unwrap_err();
    assert!(
        error.to_string().contains("/dev/gpiochip0 cannot be used") && error.to_string().contains("gpioinfo")
    );
    chip.lock().broken = None;
    amplifier.energise(&zones("a")).await.unwrap();
    chip.lock().broken = Some("went away");
    amplifier.hold().await.unwrap_err();
    chip.lock().broken = None;
    let status = amplifier.status().await.unwrap();
    status.confirm_dark().unwrap();
    assert_eq!(chip.lock().opened, 2);
    assert!(amplifier.line().reopened >= 2);
}
