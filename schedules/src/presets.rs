//! Holidays and windows that come with the station, as data: a person takes what fits and changes it.
//!
//! Nothing here is in force until it was taken. The files name the source of every date and every figure.

use crate::vocabulary::{
    Announced, DayEffect, Holiday, HolidayId, HolidayRule, Limits, TimeOfDay, Weekday, Window, WindowId,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

/// A holiday of Vietnam, without an identifier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PresetHoliday {
    /// Names it among the presets, for ever.
    pub key: String,
    /// Its name in Vietnamese.
    pub name: String,
    /// Its name in English.
    pub name_en: String,
    /// As in [`Holiday`]. A preset whose dates are empty is to be filled in.
    pub rule: HolidayRule,
    /// As in [`Holiday`].
    #[serde(default)]
    pub first_day: i32,
    /// As in [`Holiday`].
    pub days: u32,
    /// As in [`Holiday`]: what was published so far.
    #[serde(default)]
    pub announced: Vec<Announced>,
    /// What is proposed for these days.
    #[serde(default)]
    pub effect: DayEffect,
    /// Where the rule and each announcement were published.
    pub sources: Vec<String>,
}

/// Windows that belong together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PresetWindows {
    /// Names it among the presets, for ever.
    pub key: String,
    /// Its name in Vietnamese.
    pub name: String,
    /// Its name in English.
    pub name_en: String,
    /// The windows.
    pub windows: Vec<PresetWindow>,
    /// Where the limits were published.
    pub sources: Vec<String>,
}

/// A window, without an identifier and for every zone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PresetWindow {
    /// Its name in Vietnamese.
    pub name: String,
    /// Its name in English.
    pub name_en: String,
    /// As in [`Window`].
    pub days: Vec<Weekday>,
    /// As in [`Window`].
    pub start: TimeOfDay,
    /// As in [`Window`].
    pub end: TimeOfDay,
    /// As in [`Window`].
    #[serde(default)]
    pub volume_ceiling_db: Option<f64>,
    /// As in [`Window`].
    #[serde(default)]
    pub limits: Limits,
    /// The keys of the preset holidays on which it opens.
    #[serde(default)]
    pub holidays: Vec<String>,
}

/// In which language a preset is taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamedIn {
    /// Vietnamese.
    Vietnamese,
    /// English.
    English,
}

/// The holidays and swap days of Vietnam, and a day of mourning to be filled in.
#[must_use]
pub fn holidays() -> &'static [PresetHoliday] {
    static HOLIDAYS: LazyLock<Vec<PresetHoliday>> =
        LazyLock::new(|| compiled_in(include_str!("../data/vn/holidays.json")));
    &HOLIDAYS
}

/// Windows for towns, for elsewhere, and for Tết.
#[must_use]
pub fn windows() -> &'static [PresetWindows] {
    static WINDOWS: LazyLock<Vec<PresetWindows>> =
        LazyLock::new(|| compiled_in(include_str!("../data/vn/windows.json")));
    &WINDOWS
}

/// A file that is part of the program; a test reads each, so that what is built is never unreadable.
fn compiled_in<T: DeserializeOwned>(json: &str) -> Vec<T> {
    serde_json::from_str(json).unwrap_or_default()
}

impl PresetHoliday {
    /// The holiday, with the identifier that it has from now on.
    #[must_use]
    pub fn holiday(&self, id: HolidayId, named_in: NamedIn) -> Holiday {
        Holiday {
            id,
            name: named_in.choose(&self.name, &self.name_en),
            rule: self.rule.clone(),
            first_day: self.first_day,
            days: self.days,
            announced: self.announced.clone(),
            effect: self.effect,
        }
    }
}

impl PresetWindow {
    /// The window, with the identifier that it has from now on. `holiday` answers with the station's holiday
    /// that was taken from the preset of that key; what it does not know is left out.
    #[must_use]
    pub fn window(
        &self,
        id: WindowId,
        named_in: NamedIn,
        holiday: impl Fn(&str) -> Option<HolidayId>,
    ) -> Window {
        Window {
            id,
            name: named_in.choose(&self.name, &self.name_en),
            days: self.days.clone(),
            start: self.start,
            end: self.end,
            zones: Vec::new(),
            volume_ceiling_db: self.volume_ceiling_db,
            limits: self.limits,
            holidays: self.holidays.iter().filter_map(|key| holiday(key)).collect(),
        }
    }
}

impl NamedIn {
    fn choose(self, vietnamese: &str, english: &str) -> String {
        match self {
            NamedIn::Vietnamese => vietnamese.to_owned(),
            NamedIn::English => english.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests;
