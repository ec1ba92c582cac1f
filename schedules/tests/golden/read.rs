//! From the lines of a case to the station and what happens to it.

use crate::words::{Rest, list, name, words};
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use loaxa_schedules::*;
use std::collections::BTreeMap;
use uuid::Uuid;

/// What happens to a station.
#[derive(Debug, Clone)]
pub(crate) enum Event {
    PowerOff,
    PowerOn,
    Stop,
    Resume,
    Distrust,
    Trust,
    SetClock(SignedDuration),
    Standing(SegmentId, Standing),
    Emergency(SegmentId, Timestamp),
}

/// One station of a case.
#[derive(Debug)]
pub(crate) struct Scene {
    pub(crate) name: String,
    pub(crate) snapshot: Snapshot,
    pub(crate) from: Timestamp,
    pub(crate) until: Timestamp,
    pub(crate) events: Vec<(Timestamp, Event)>,
    shown: Option<(Date, Date)>,
    /// Whether the case is about volume: then each row says its gain.
    pub(crate) shows_gain: bool,
    /// The identifiers of names, by kind.
    names: BTreeMap<(&'static str, String), Uuid>,
}

/// The stations of a case; what stands before the first of them is true for each.
pub(crate) fn scenes(file: &str, text: &str) -> Vec<Scene> {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let first = lines.iter().position(|line| line.starts_with("station ")).unwrap_or(lines.len());
    let (shared, own) = lines.split_at(first);
    let mut groups: Vec<(String, Vec<&str>)> = Vec::new();
    for line in own {
        match line.strip_prefix("station ") {
            Some(named) => groups.push((name(named), Vec::new())),
            None => groups.last_mut().unwrap().1.push(line),
        }
    }
    if groups.is_empty() {
        groups.push((String::new(), Vec::new()));
    }
    let read = |(station, own): (String, Vec<&str>)| {
        let mut scene = Scene::new(station);
        for line in shared.iter().chain(&own) {
            scene.line(file, line);
        }
        assert!(scene.from < scene.until, "{file}: `run DATE .. DATE` is missing");
        scene.events.sort_by_key(|(at, _)| *at);
        scene
    };
    groups.into_iter().map(read).collect()
}

fn date(text: &str) -> Date {
    text.parse().unwrap_or_else(|_| panic!("{text} is no date"))
}

/// Two ends around `..`, with or without blanks.
fn span(words: &[String]) -> (String, String) {
    let joined = words.join(" ");
    let (from, to) = joined.split_once("..").unwrap_or_else(|| panic!("{joined}: `..` is missing"));
    (from.trim().to_owned(), to.trim().to_owned())
}

fn class(word: Option<String>) -> Class {
    match word.as_deref() {
        None | Some("normal") => Class::Normal,
        Some("priority") => Class::Priority,
        Some("emergency") => Class::Emergency,
        Some(other) => panic!("{other} is no class"),
    }
}

fn minutes(word: &str) -> u32 {
    word.split_once(':').unwrap().1.parse().unwrap()
}

fn weekdays(text: &str) -> Vec<Weekday> {
    let all = Weekday::ALL;
    let index = |word: &str| {
        all.iter().position(|day| day.as_str() == word).unwrap_or_else(|| panic!("{word} is no day"))
    };
    match text {
        "daily" => all.to_vec(),
        "never" => Vec::new(),
        _ => text
            .split(',')
            .flat_map(|part| match part.split_once('-') {
                Some((from, to)) => all[index(from)..=index(to)].to_vec(),
                None => vec![all[index(part)]],
            })
            .collect(),
    }
}

impl Scene {
    fn new(name: String) -> Scene {
        Scene {
            name,
            snapshot: Snapshot::empty(TimeZone::get("Asia/Ho_Chi_Minh").unwrap()),
            from: Timestamp::UNIX_EPOCH,
            until: Timestamp::UNIX_EPOCH,
            events: Vec::new(),
            shown: None,
            shows_gain: false,
            names: BTreeMap::new(),
        }
    }

    pub(crate) fn shows(&self, date: Date) -> bool {
        self.shown.is_none_or(|(from, to)| from <= date && date <= to)
    }

    /// A new name gets the next number of its kind.
    fn make(&mut self, kind: &'static str, word: &str) -> Uuid {
        let number = self.names.keys().filter(|(other, _)| *other == kind).count() + 1;
        let id = Uuid::from_u128(number as u128);
        assert!(self.names.insert((kind, name(word)), id).is_none(), "{kind} {word} stands there twice");
        id
    }

    fn id(&self, kind: &'static str, word: &str) -> Uuid {
        *self.names.get(&(kind, name(word))).unwrap_or_else(|| panic!("no {kind} is called {word}"))
    }

    fn ids<T: From<Uuid>>(&self, kind: &'static str, words: &[String]) -> Vec<T> {
        words.iter().map(|word| self.id(kind, word).into()).collect()
    }

    fn at(&self, text: &str) -> Timestamp {
        let civil: DateTime = text.replace(' ', "T").parse().unwrap_or_else(|_| panic!("{text} is no time"));
        civil.to_zoned(self.snapshot.timezone.clone()).unwrap().timestamp()
    }

    fn bound(rest: &mut Rest, key: &str) -> Option<Bound> {
        rest.value(key).map(|text| text.parse().unwrap())
    }

    fn line(&mut self, file: &str, line: &str) {
        let words = words(line);
        let Some(keyword) = words.first() else { return };
        let mut rest = Rest::new(words.get(2..).unwrap_or_default());
        match keyword.as_str() {
            "zone" => {
                let id = ZoneId(self.make("zone", &words[1]));
                let volume_db = rest.value("volume").map_or(0.0, |value| value.parse().unwrap());
                self.shows_gain |= volume_db < 0.0;
                self.snapshot.zones.push(Zone { id, name: name(&words[1]), volume_db });
            }
            "window" => self.window(&words, &mut rest),
            "recording" => self.recording(&words, &mut rest),
            "programme" => self.programme(&words, &mut rest),
            "campaign" => self.campaign(&words, &mut rest),
            "phase" => self.phase(&words, &mut rest),
            "holiday" => self.holiday(&words, &mut rest),
            "unit" => self.unit(&words, &mut rest),
            "after_preemption" => {
                rest = Rest::new(&words[1..]);
                let resumption = |word: Option<String>, usual| match word.as_deref() {
                    None => usual,
                    Some("restart") => Resumption::Restart,
                    Some("continue") => Resumption::Continue,
                    Some("drop") => Resumption::Drop,
                    Some(other) => panic!("{other} is no resumption"),
                };
                let usual = self.snapshot.after_preemption;
                self.snapshot.after_preemption = AfterPreemption {
                    normal: resumption(rest.value("normal"), usual.normal),
                    priority: resumption(rest.value("priority"), usual.priority),
                };
            }
            "volume" => {
                rest = Rest::new(&words[1..]);
                let mut level = |key| rest.value(key).map_or(0.0, |value| value.parse().unwrap());
                self.shows_gain = true;
                self.snapshot.volume = Volume {
                    normal: level("normal"),
                    priority: level("priority"),
                    emergency: level("emergency"),
                    ceiling: level("ceiling"),
                    emergency_keeps_ceilings: false,
                };
            }
            "run" => {
                let (from, to) = span(&words[1..]);
                self.from = self.at(&format!("{from} 00:00"));
                self.until = self.at(&format!("{} 00:00", date(&to).saturating_add(1.day())));
                return;
            }
            "show" => {
                let (from, to) = span(&words[1..]);
                self.shown = Some((date(&from), date(&to)));
                return;
            }
            _ => {
                self.event(file, line, &words);
                return;
            }
        }
        rest.nothing_more(line);
    }

    /// `power off`, `stop`, `untrusted`, `clock`, `approve`, `withdraw`, `emergency`.
    fn event(&mut self, file: &str, line: &str, words: &[String]) {
        let during = |scene: &mut Scene, words: &[String], begins: Event, ends: Event| {
            let (from, to) = span(words);
            let to = if to.len() > 10 { to } else { format!("{} {to}", &from[..10]) };
            let (from, to) = (scene.at(&from), scene.at(&to));
            scene.events.extend([(from, begins), (to, ends)]);
        };
        match words[0].as_str() {
            "power" => during(self, &words[2..], Event::PowerOff, Event::PowerOn),
            "stop" => during(self, &words[1..], Event::Stop, Event::Resume),
            "untrusted" => during(self, &words[1..], Event::Distrust, Event::Trust),
            "clock" => {
                let at = self.at(&words[1..3].join(" "));
                let by: i64 = words[4].trim_start_matches('+').parse().unwrap();
                assert!(words[3] == "by" && words[5] == "minutes", "{file}: {line}");
                self.events.push((at, Event::SetClock(SignedDuration::from_mins(by))));
            }
            "approve" | "withdraw" => {
                let segment = SegmentId(self.id("recording", &words[1]));
                let standing = if words[0] == "approve" { Standing::Approved } else { Standing::Withdrawn };
                self.events.push((self.at(&words[2..4].join(" ")), Event::Standing(segment, standing)));
            }
            "emergency" => {
                let segment = SegmentId(self.id("recording", &words[1]));
                assert_eq!(words[4], "expires", "{file}: {line}");
                let expires = self.at(&format!("{} {}", words[2], words[5]));
                self.events.push((self.at(&words[2..4].join(" ")), Event::Emergency(segment, expires)));
            }
            _ => panic!("{file}: nobody understands: {line}"),
        }
    }

    fn window(&mut self, words: &[String], rest: &mut Rest) {
        let (start, end) = words[2].split_once('-').unwrap();
        let days = weekdays(&words[3]);
        *rest = Rest::new(&words[4..]);
        let mut limit = |key: &str| rest.value(key).map(|value| value.parse::<u32>().unwrap());
        let limits = Limits {
            minutes_per_session: limit("minutes_per_session"),
            minutes_per_day: limit("minutes_per_day"),
            minutes_per_week: limit("minutes_per_week"),
            sessions_per_day: limit("sessions_per_day"),
            days_per_week: limit("days_per_week"),
        };
        let window = Window {
            id: WindowId(self.make("window", &words[1])),
            name: name(&words[1]),
            days,
            start: start.parse().unwrap(),
            end: end.parse().unwrap(),
            zones: self.ids("zone", &rest.list("zones")),
            volume_ceiling_db: rest.value("ceiling").map(|value| value.parse().unwrap()),
            limits,
            holidays: self.ids("holiday", &rest.list("holidays")),
        };
        self.snapshot.windows.push(window);
    }

    fn recording(&mut self, words: &[String], rest: &mut Rest) {
        let (minutes, seconds) = words[2].split_once(':').unwrap();
        let length = minutes.parse::<i64>().unwrap() * 60 + seconds.parse::<i64>().unwrap();
        *rest = Rest::new(&words[3..]);
        let id = self.make("recording", &words[1]);
        let hash = format!("{:064x}", id.as_u128());
        let segment = SegmentFacts {
            id: SegmentId(id),
            title: name(&words[1]),
            class: if rest.flag("emergency") { Class::Emergency } else { Class::Normal },
            language: rest.value("language").unwrap_or_else(|| "vi".into()),
            music: rest.flag("music"),
            original_sha256: hash.clone(),
            trim: None,
            standing: if rest.flag("unapproved") { Standing::AwaitingApproval } else { Standing::Approved },
            prepared: Some(PreparedFacts { hash, duration: SignedDuration::from_secs(length) }),
            valid_from: Self::bound(rest, "from"),
            valid_until: Self::bound(rest, "until"),
            approved_by: Some("Chủ tịch xã".into()),
            ordered: None,
        };
        self.snapshot.segments.push(segment);
    }

    fn programme(&mut self, words: &[String], rest: &mut Rest) {
        let recurrence = match (rest.value("cron"), rest.list("at")) {
            (Some(cron), _) => Recurrence::Cron(name(&cron)),
            (None, at) => Recurrence::At(at.iter().map(|at| self.at(at)).collect()),
        };
        let start_rule = match rest.value("start").as_deref() {
            None | Some("make_next") => StartRule::MakeNext,
            Some("at_once") => StartRule::AtOnce,
            Some(word) if word.starts_with("wait_up_to:") => StartRule::WaitUpTo { minutes: minutes(word) },
            Some(other) => panic!("{other} is no start rule"),
        };
        let missed = match rest.value("missed").as_deref() {
            None | Some("skip") => MissedRule::Skip,
            Some("next_session") => MissedRule::NextSession,
            Some("make_good") => MissedRule::MakeGood,
            Some(word) if word.starts_with("within:") => MissedRule::Within { minutes: minutes(word) },
            Some(other) => panic!("{other} is no rule for what is missed"),
        };
        let on_holidays = match rest.value("on_holidays").as_deref() {
            None | Some("air") => OnHolidays::Air,
            Some("skip") => OnHolidays::Skip,
            Some("only") => OnHolidays::Only,
            Some(other) => panic!("{other} is no rule for holidays"),
        };
        let mut one =
            |scene: &Scene, key: &str| rest.value(key).map(|word| SegmentId(scene.id("recording", &word)));
        let (opening, closing) = (one(self, "opening"), one(self, "closing"));
        let programme = Programme {
            id: ProgrammeId(self.make("programme", &words[1])),
            name: name(&words[1]),
            segments: self.ids("recording", &rest.list("plays")),
            recurrence,
            class: class(rest.value("class")),
            zones: self.ids("zone", &rest.list("zones")),
            valid_from: Self::bound(rest, "from"),
            valid_until: Self::bound(rest, "until"),
            start_rule,
            missed,
            opening,
            closing,
            gap_seconds: rest.value("gap").map_or(0, |value| value.parse().unwrap()),
            on_holidays,
            owner: rest.value("owner").map(|word| UnitId(self.id("unit", &word))),
            order: rest.value("order").map_or(0, |value| value.parse().unwrap()),
        };
        self.snapshot.programmes.push(programme);
    }

    fn campaign(&mut self, words: &[String], rest: &mut Rest) {
        let played = rest.list("plays");
        let shares = played.iter().map(|word| {
            let (title, weight) = word.rsplit_once('*').unwrap_or((word, "1"));
            Share {
                id: SegmentId(self.id("recording", title.trim_end_matches('"'))),
                weight: weight.parse().unwrap(),
            }
        });
        let campaign = Campaign {
            segments: shares.collect(),
            rotation: match rest.value("rotation").as_deref() {
                None | Some("in_order") => Rotation::InOrder,
                Some("fair_share") => Rotation::FairShare,
                Some("weighted") => Rotation::Weighted,
                Some(other) => panic!("{other} is no rotation"),
            },
            class: class(rest.value("class")),
            zones: self.ids("zone", &rest.list("zones")),
            languages: rest.list("languages"),
            min_spacing_minutes: rest.value("spacing").map_or(0, |value| value.parse().unwrap()),
            phases: Vec::new(),
            owner: rest.value("owner").map(|word| UnitId(self.id("unit", &word))),
            order: rest.value("order").map_or(0, |value| value.parse().unwrap()),
            id: CampaignId(self.make("campaign", &words[1])),
            name: name(&words[1]),
        };
        self.snapshot.campaigns.push(campaign);
    }

    /// `phase "NAME" of "CAMPAIGN" DATE..DATE COUNT per day|week|phase [windows=…]`
    fn phase(&mut self, words: &[String], rest: &mut Rest) {
        let (from, to) = span(&words[4..5]);
        *rest = Rest::new(&words[8..]);
        let phase = Phase {
            name: name(&words[1]),
            from: date(&from),
            to: date(&to),
            windows: self.ids("window", &rest.list("windows")),
            airings: Quota {
                count: words[5].parse().unwrap(),
                per: match words[7].as_str() {
                    "day" => Period::Day,
                    "week" => Period::Week,
                    "phase" => Period::Phase,
                    other => panic!("{other} is no period"),
                },
            },
        };
        let id = CampaignId(self.id("campaign", &words[3]));
        self.snapshot.campaigns.iter_mut().find(|campaign| campaign.id == id).unwrap().phases.push(phase);
    }

    /// `holiday "NAME" dates=DATE,DATE|DATE..DATE | solar=M-D | lunar=M-D [first=N] [days=N] closed|no_music|acts_as=fri`
    fn holiday(&mut self, words: &[String], rest: &mut Rest) {
        let pair = |text: String| {
            let (month, day) = text.split_once('-').unwrap();
            (month.parse().unwrap(), day.parse().unwrap())
        };
        let rule = match (rest.value("dates"), rest.value("solar").map(pair), rest.value("lunar").map(pair)) {
            (Some(dates), ..) => HolidayRule::Dates { dates: dates_of(&dates) },
            (None, Some((month, day)), _) => HolidayRule::Solar { month, day },
            (None, None, Some((month, day))) => HolidayRule::Lunar { month, day, leap: false },
            (None, None, None) => panic!("a holiday without a rule: {words:?}"),
        };
        let holiday = Holiday {
            id: HolidayId(self.make("holiday", &words[1])),
            name: name(&words[1]),
            rule,
            first_day: rest.value("first").map_or(0, |value| value.parse().unwrap()),
            days: rest.value("days").map_or(1, |value| value.parse().unwrap()),
            announced: Vec::new(),
            effect: DayEffect {
                closed: rest.flag("closed"),
                no_music: rest.flag("no_music"),
                acts_as: rest.value("acts_as").map(|word| weekdays(&word)[0]),
                ordinary: rest.flag("ordinary"),
            },
        };
        self.snapshot.holidays.push(holiday);
    }

    /// `unit "NAME" tier=xã [under="NAME"] [own]`
    fn unit(&mut self, words: &[String], rest: &mut Rest) {
        let parent = rest.value("under").map(|word| UnitId(self.id("unit", &word)));
        let id = UnitId(self.make("unit", &words[1]));
        if rest.flag("own") {
            self.snapshot.own_unit = Some(id);
        }
        let unit = Unit {
            id,
            code: format!("{:03}", id.0.as_u128()),
            name: name(&words[1]),
            tier: rest.value("tier").map(|word| name(&word)).unwrap_or_default(),
            parent,
            valid_from: None,
            valid_until: None,
        };
        self.snapshot.units.push(unit);
    }
}

fn dates_of(text: &str) -> Vec<Date> {
    let days = |part: &String| {
        let (from, to) = part.split_once("..").unwrap_or((part, part));
        let (from, to) = (date(from), date(to));
        let count = from.until(to).unwrap().get_days();
        (0..=count).map(move |offset| from.saturating_add(offset.days()))
    };
    list(text).iter().flat_map(days).collect()
}
