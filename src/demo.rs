//! `loaxa demo`: a whole station that airs by itself within a minute, with sound that it makes itself.

use crate::access::{Access, Scope};
use crate::cli::DemoOutput;
use crate::clock::Trust;
use crate::config::{Amplifier, Audio, Clock, Config, OutputForm, Station, Web};
use crate::daemon;
use crate::error::{Error, Result};
use crate::store::{Decision, NewSegment};
use crate::web::{App, Warning};
use loaxa_audio::output::{Output, OutputKind, OutputSettings};
use loaxa_audio::synth;
use loaxa_schedules::{
    Class, Limits, MissedRule, OnHolidays, Programme, ProgrammeId, Recurrence, SegmentId, StartRule,
    TimeOfDay, Weekday, Window, WindowId, Zone, ZoneId,
};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

/// What the demo's station says where a voice is installed.
const SPOKEN: &str =
    "Đây là đài truyền thanh xã. Chương trình phát thử đang hoạt động tốt. Xin cảm ơn bà con đã lắng nghe.";

/// Runs the demo until it is told to end.
///
/// # Errors
/// As `loaxa serve`.
pub fn run(data: &Path, listen: SocketAddr, output: DemoOutput) -> Result<()> {
    let mut warnings = Vec::new();
    let form = match output {
        DemoOutput::Device => OutputForm::Device,
        DemoOutput::Null => OutputForm::Null,
        DemoOutput::Capture => OutputForm::Capture,
        DemoOutput::Auto => match try_device() {
            Ok(()) => OutputForm::Device,
            Err(why) => {
                warnings.push(Warning {
                    code: "no_sound_device",
                    vi: format!("Máy này không có thiết bị âm thanh ({why}): bản trình diễn phát trong im lặng, đúng nhịp thời gian."),
                    en: format!("This machine has no sound device ({why}): the demo plays into silence, in real time."),
                });
                OutputForm::Null
            }
        },
    };
    let config = Config {
        station: Station {
            name: "Đài truyền thanh xã (trình diễn)".to_owned(), ..Station::default()
        },
        web: Web { listen, ..Web::default() },
        audio: Audio {
            output: form,
            capture_file: (form == OutputForm::Capture).then(|| data.join("capture.wav")),
            ..Audio::default()
        },
        amplifier: Amplifier::simulated(),
        clock: Clock { trust: Trust::Always },
        ..Config::default()
    };
    daemon::run(config, data, warnings, |app| fill(app, data))
}

/// Whether the machine's default device can really be opened.
fn try_device() -> std::result::Result<(), String> {
    let settings = OutputSettings::new(OutputKind::Device { name: None }, Audio::default().sample_rate);
    let output = Output::open(&settings, Box::new(|_| {})).map_err(|error| error.to_string())?;
    output.close();
    Ok(())
}

/// Fills an empty station: segments that it makes itself, a zone, a window that is always open, a programme every
/// minute. The segments come in and are approved by two identities, as anywhere else.
fn fill(app: &Arc<App>, data: &Path) -> Result<()> {
    if !app.store.all_documents::<Programme>()?.is_empty() {
        return Ok(());
    }
    let uploader = demo_identity(&app.access, "demo uploader", Scope::SegmentsWrite)?;
    let approver = demo_identity(&app.access, "demo approver", Scope::SegmentsApprove)?;
    let folder = data.join("incoming");
    let rate = Audio::default().sample_rate;
    let made = |error: std::io::Error| Error::io("the demo's sound", &error);
    let mut sounds = Vec::new();
    let chime = folder.join("demo-chime.wav");
    synth::chime(&chime, rate).map_err(made)?;
    sounds.push(("Nhạc hiệu", chime));
    let melody = folder.join("demo-melody.wav");
    synth::melody(&melody, rate, 10.0, 0).map_err(made)?;
    sounds.push(("Giai điệu thử loa", melody));
    let voice = folder.join("demo-voice.wav");
    match synth::speak(SPOKEN, &voice) {
        Ok(()) => sounds.push(("Lời chào thử (giọng đọc máy)", voice)),
        Err(error) => {
            tracing::info!(%error, "no voice is installed (espeak-ng); the demo plays a second melody instead");
            let second = folder.join("demo-melody-2.wav");
            synth::melody(&second, rate, 8.0, 1).map_err(made)?;
            sounds.push(("Giai điệu thử loa 2", second));
        }
    }
    let mut segments = Vec::new();
    for (title, file) in sounds {
        segments.push(app.intake.adopt(
            &file,
            |sha256, bytes| described(app, title, sha256, bytes),
            &uploader,
        )?);
    }
    let now = app.clock.now().wall;
    for segment in &segments {
        app.store.decide(*segment, Decision::Approve, Some("demo"), &approver, now)?;
    }
    let id = || crate::ids::new_id(now);
    let zone = Zone { id: ZoneId(id()), name: "Toàn xã".to_owned(), volume_db: 0.0 };
    app.store.create(&zone, &uploader, now)?;
    let window = Window {
        id: WindowId(id()),
        name: "Cả ngày (trình diễn)".to_owned(),
        days: Weekday::ALL.to_vec(),
        start: time_of_day("00:00")?,
        end: time_of_day("24:00")?,
        zones: Vec::new(),
        volume_ceiling_db: None,
        limits: Limits::default(),
        holidays: Vec::new(),
    };
    app.store.create(&window, &uploader, now)?;
    let programme = Programme {
        id: ProgrammeId(id()),
        name: "Phát thử mỗi phút".to_owned(),
        segments,
        // at half past each minute, so that what a newcomer plans for a full minute has the air to itself
        recurrence: Recurrence::Cron("30 * * * * *".to_owned()),
        class: Class::Normal,
        zones: Vec::new(),
        valid_from: None,
        valid_until: None,
        start_rule: StartRule::default(),
        missed: MissedRule::default(),
        opening: None,
        closing: None,
        gap_seconds: 0,
        on_holidays: OnHolidays::default(),
        owner: None,
        order: 0,
    };
    app.store.create(&programme, &uploader, now)?;
    app.plan_changed.send_modify(|count| *count += 1);
    Ok(())
}

fn time_of_day(text: &str) -> Result<TimeOfDay> {
    text.parse().map_err(|error: loaxa_schedules::ScheduleError| Error::internal(error.to_string()))
}

/// A token of the demo's own, whose secret nobody ever sees.
fn demo_identity(access: &Access, name: &str, scope: Scope) -> Result<String> {
    Ok(access.add_token(name, [scope].into_iter().collect(), None, "demo")?.id)
}

fn described(app: &App, title: &str, sha256: String, bytes: u64) -> NewSegment {
    NewSegment {
        id: SegmentId(crate::ids::new_id(app.clock.now().wall)),
        sha256,
        bytes,
        title: title.to_owned(),
        language: "vi".to_owned(),
        class: Class::Normal,
        music: false,
        source: Some("demo".to_owned()),
        valid_from: None,
        valid_until: None,
        campaign: None,
        external_id: None,
        trim: None,
        spoken: None,
    }
}
