//! The composition root: puts the rooms together, and takes them down in order.

mod lock;
mod warnings;

pub(crate) use lock::hold_now;

use crate::access::{Access, Role};
use crate::airing_log::{Heads, Keeping, Retention};
use crate::backup::button::Backups;
use crate::chimes;
use crate::clock::{Clock, SystemClock, boot_id};
use crate::config::{Audio, Config, Fingerprint, OutputForm};
use crate::error::{Error, Result};
use crate::events::Events;
use crate::fence::{self, Held};
use crate::intake::uploads::Uploads;
use crate::intake::{Folders, Intake, blocking};
use crate::orders::{self, OrderBook};
use crate::playout_loop::{Parts, PlayoutHandle, PlayoutLoop};
use crate::preparing::{Keeper, KeeperParts, Preparing, Shelf, Workshop};
use crate::secrets;
use crate::soundness::{Pace, Reader};
use crate::speech::Speech;
use crate::store::{LogJob, Store};
use crate::tls;
use crate::turns::Turns;
use crate::web::{self, About, App, Warning};
use jiff::SignedDuration;
use loaxa_audio::child::{self, Confinement};
use loaxa_audio::output::{Fades, OutputKind, OutputSettings};
use loaxa_firmware_bridge::{Amplifier, AmplifierSettings};
use sd_notify::NotifyState;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinError;

/// So often it is looked whether a head of the airing log is due.
const HEADS_LOOKED_AT: Duration = Duration::from_secs(600);

/// Runs a station until it is told to end. `prepare` is called with the open application before anything airs.
///
/// # Errors
/// When something that the station cannot do without is missing; each names the remedy.
pub fn run(
    config: Config,
    data: &Path,
    warnings: Vec<Warning>,
    prepare: impl FnOnce(&Arc<App>) -> Result<()>,
) -> Result<()> {
    loaxa_board_sys::keep_memory_small();
    let mut warnings = warnings;
    warnings.extend(secrets::look(data));
    // before the first thread: only what it starts is held
    let held = fence::raise(&config, data);
    // two threads carry a station; what blocks (disk, decoding, devices) has threads of its own, bounded
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(16)
        .thread_keep_alive(Duration::from_secs(5))
        .enable_all()
        .build()
        .map_err(|error| Error::io("the async runtime", &error))?;
    let outcome = runtime.block_on(station(config, data, (warnings, held), prepare));
    runtime.shutdown_timeout(Duration::from_secs(2));
    outcome
}

async fn station(
    config: Config,
    data: &Path,
    (mut warnings, held): (Vec<Warning>, Held),
    prepare: impl FnOnce(&Arc<App>) -> Result<()>,
) -> Result<()> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new(config.clock.trust));
    let begun = clock.now();
    let folders = Folders::create(data)?;
    let _lock = lock::hold(data).await?;
    let (web, place) = (config.web.clone(), data.to_owned());
    let tls = blocking(move || tls::Server::open(&web, &place, begun)).await?.map(Arc::new);
    let listener = bind(&config).await?;
    let address = listener.local_addr().map_err(|error| Error::io("the web's address", &error))?;
    // a disk that takes no change must not keep an emergency silent: what is on it is read
    let store = Arc::new(Store::open_or_read(data, begun.wall)?);
    if let Some(code) = store.refusal() {
        tracing::error!(
            code,
            "the disk takes no change: nothing scheduled airs and nothing can be changed until it does; emergencies are heard"
        );
    }
    if let Some(until) = store.accounted_until()? {
        clock.remember(until);
    }
    store.stamp_rows(Arc::clone(&clock));
    store.ask_for_orders(config.orders);
    let book = OrderBook::open(Arc::clone(&store), Arc::clone(&clock), data)?;
    let heads = Arc::new(Heads::open(Arc::clone(&store), data, config.log.witness_keys(), begun.wall));
    warnings.extend(heads.problem().map(warnings::unsigned));
    note_configuration(&store, &config.fingerprint, begun.wall);
    warnings.extend(warnings::standing(&config));
    warnings.extend(book.warning()?);
    for warning in &warnings {
        tracing::warn!(code = warning.code, "{}", warning.en);
    }
    let events = Events::default();
    let (plan_changed, plan_watch) = watch::channel(0_u64);
    let change_of_keys = plan_changed.clone();
    let (down, shutdown) = watch::channel(false);
    let site = config.site();
    let shelf =
        Arc::new(Shelf::new(Arc::clone(&store), Arc::clone(&clock), folders.clone(), &config.storage));
    let workshop = Arc::new(Workshop::new(folders.clone(), Arc::clone(&shelf), &config));
    let preparing = Arc::new(Preparing::new(shelf, site.timezone.clone()));
    let intake = Arc::new(Intake::new(
        Arc::clone(&store),
        Arc::clone(&clock),
        folders.clone(),
        events.clone(),
        Arc::clone(&workshop),
        &config,
        plan_changed.clone(),
    ));
    let (chimes, bringer) = (config.audio.clone(), Arc::clone(&intake));
    let (kept, place, time) = (Arc::clone(&store), folders.clone(), Arc::clone(&clock));
    let brought =
        blocking(move || Ok(chimes::bring(&chimes, &bringer, &kept, &place, time.as_ref()))).await?;
    warnings.extend(brought);
    let keeping = Arc::new(Keeping::new(config.log.keep_days));
    let timezone = site.timezone.clone();
    let (playout, handle) = PlayoutLoop::start(Parts {
        clock: Arc::clone(&clock),
        store: Arc::clone(&store),
        site: site.clone(),
        folders: folders.clone(),
        events: events.clone(),
        amplifier: amplifier(&config.amplifier.bridge)?,
        wired_zones: config.amplifier.bridge.wired_zones(),
        self_test: config.amplifier.self_test,
        output: output(&config.audio),
        plan_changed: plan_watch,
    })
    .await?;
    let access = Access::new(Arc::clone(&store), Arc::clone(&clock), &config.station.name);
    first_administrator(&store, &access)?;
    let (taker, time) = (Arc::clone(&intake), Arc::clone(&clock));
    let uploads = Arc::new(blocking(move || Uploads::open(taker, time)).await?);
    let app = Arc::new(App {
        store: Arc::clone(&store),
        clock: Arc::clone(&clock),
        access,
        intake: Arc::clone(&intake),
        uploads: Arc::clone(&uploads),
        speech: voice(&config.speech),
        backups: Arc::new(Backups::new(Arc::clone(&store), Arc::clone(&clock), data, &config.backup)),
        playout: handle.clone(),
        preparing: Arc::clone(&preparing),
        events: events.clone(),
        timezone: site.timezone.clone(),
        site: site.clone(),
        about: about(&config, warnings),
        inspection: inspection().await,
        held,
        plan_changed: plan_changed.clone(),
        turns: Turns::default(),
        heads: Arc::clone(&heads),
        keeping: Arc::clone(&keeping),
        orders: book,
        soundness: Arc::default(),
        limits: config.web.clone(),
        tls: tls.clone(),
    });
    let booted = serde_json::json!({
        "version": env!("CARGO_PKG_VERSION"), "clock": clock.trust().as_str(), "boot": boot_id(),
        "configuration": config.fingerprint.sha256,
        "output": config.audio.output.as_str(), "amplifier": config.amplifier.bridge.name(),
    });
    let (keeper, job) = (Arc::clone(&store), LogJob::Note { kind: "start", body: booted });
    let start = job.clone();
    if let Err(error) = blocking(move || keeper.log(begun.wall, &[start])).await {
        // nothing that is scheduled airs without a log, but the station must be there to say so
        tracing::error!(%error, "the start cannot be written down yet; it is tried again");
        handle.write_later(job)?;
    }
    prepare(&app)?;
    intake.resume().await?;
    let pieces = tokio::spawn(uploads.keep());
    let (air, sound_lies_in) = (handle.clone(), folders.clone());
    let keeper = Keeper::new(KeeperParts {
        clock: Arc::clone(&clock),
        store: Arc::clone(&store),
        site,
        folders,
        events,
        workshop,
        preparing,
        plan_changed,
        on_air: Box::new(move || air.status().busy()),
        ahead: SignedDuration::from_hours(i64::from(config.storage.prepare_ahead_hours)),
    });
    let keeper = tokio::spawn(keeper.run(shutdown.clone()));
    let web = tokio::spawn(web::serve(Arc::clone(&app), listener, shutdown.clone()));
    let mut air = tokio::spawn(playout.run(shutdown.clone()));
    // before anybody learns that it is ready: whoever ends it at once must find it listening
    let signals = signals()?;
    let ready_after = clock.now().mono.saturating_sub(begun.mono);
    let scheme = if tls.is_some() { "https" } else { "http" };
    if let Some(facts) = tls.as_ref().map(|tls| tls.facts()) {
        tracing::info!(
            not_after = %facts.not_after,
            "TLS: pin (SHA-256 of the key) {}, fingerprint (SHA-256 of the certificate) {}",
            facts.pin,
            facts.fingerprint
        );
    }
    tracing::info!(%address, milliseconds = ready_after.as_millis(), "ready: {scheme}://{address}");
    let _ = sd_notify::notify(&[NotifyState::Ready]);
    let watched = handle.clone();
    let reader = Reader {
        store: Arc::clone(&store),
        folders: sound_lies_in,
        clock: Arc::clone(&clock),
        on_air: Box::new(move || watched.status().busy()),
        found: Arc::clone(&app.soundness),
        pace: Pace::default(),
    };
    let reader = tokio::spawn(reader.run(shutdown));
    let watched = handle.clone();
    let retention = Retention {
        store: Arc::clone(&store),
        heads: Arc::clone(&heads),
        clock: Arc::clone(&clock),
        timezone,
        keeping,
        on_air: Box::new(move || watched.status().busy()),
    };
    let retention = tokio::spawn(retention.run());
    let watchdog = tokio::spawn(feed_watchdog(handle, Arc::clone(&clock)));
    let watching = tokio::spawn(orders::watch(Arc::clone(&store), change_of_keys));
    let signing = tokio::spawn(keep_heads(Arc::clone(&heads), Arc::clone(&clock)));
    let (signal, died) = wait_for_end(signals, &mut air).await;
    tracing::info!(signal, "going down");
    let _ = sd_notify::notify(&[NotifyState::Stopping]);
    // the air first: the amplifier is dark before anything else ends
    let _ = down.send(true);
    let air = match died {
        Some(died) => died,
        None => air.await,
    };
    watchdog.abort();
    signing.abort();
    retention.abort();
    watching.abort();
    pieces.abort();
    let _ = web.await;
    let _ = keeper.await;
    let _ = reader.await;
    let now = clock.now().wall;
    let ended = serde_json::json!({ "signal": signal });
    blocking(move || {
        store.log(now, &[LogJob::Note { kind: "end", body: ended }])?;
        if heads.problem().is_none()
            && let Err(error) = heads.keep(now)
        {
            tracing::error!(%error, "the airing log's last head could not be kept");
        }
        Ok(())
    })
    .await?;
    air.map_err(|error| {
        Error::internal(format!("the playout died: {error}; the amplifier was released by its task"))
    })
}

/// Keeps a signed head of the airing log once a day.
async fn keep_heads(heads: Arc<Heads>, clock: Arc<dyn Clock>) {
    while heads.problem().is_none() {
        let (keeper, now) = (Arc::clone(&heads), clock.now().wall);
        if let Err(error) = blocking(move || keeper.keep_if_due(now)).await {
            tracing::error!(%error, "the airing log's head could not be kept; it is tried again");
        }
        tokio::time::sleep(HEADS_LOOKED_AT).await;
    }
}

/// What changed in the configuration file since the last start, by the names of its keys.
fn note_configuration(store: &Store, fingerprint: &Fingerprint, now: jiff::Timestamp) {
    let noted = store.note_configuration(&fingerprint.to_text(), now, |before| fingerprint.changes(before));
    if let Err(error) = noted {
        tracing::error!(%error, "what changed in the configuration could not be written down");
    }
}

/// The signals that end a station, listened to from here on.
fn signals() -> Result<[Signal; 2]> {
    let failed = |error: std::io::Error| Error::io("signals", &error);
    let listen = |kind| signal(kind).map_err(failed);
    Ok([listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?])
}

/// Waits for a signal, or for the playout to die, which no station survives; what it came to then.
async fn wait_for_end(
    [mut terminate, mut interrupt]: [Signal; 2],
    air: &mut tokio::task::JoinHandle<()>,
) -> (&'static str, Option<std::result::Result<(), JoinError>>) {
    tokio::select! {
        _ = terminate.recv() => ("SIGTERM", None),
        _ = interrupt.recv() => ("SIGINT", None),
        died = air => ("playout died", Some(died)),
    }
}

/// Tells systemd's watchdog that the station lives, as long as the playout's loop turns.
async fn feed_watchdog(playout: PlayoutHandle, clock: Arc<dyn Clock>) {
    let Some(every) = sd_notify::watchdog_enabled() else {
        return;
    };
    loop {
        if playout.alive(clock.now().mono) {
            let _ = sd_notify::notify(&[NotifyState::Watchdog]);
        } else {
            tracing::error!("the playout's loop does not turn; the watchdog will restart the station");
        }
        tokio::time::sleep(every / 3).await;
    }
}

async fn bind(config: &Config) -> Result<TcpListener> {
    TcpListener::bind(config.web.listen).await.map_err(|error| {
        Error::unacceptable(
            "cannot_listen",
            format!(
                "{} cannot be listened on: {error}; end what uses it, or set web.listen to another port",
                config.web.listen
            ),
        )
    })
}

/// The driver, not opened yet: its line is opened by the first order, and again after every fault.
fn amplifier(settings: &AmplifierSettings) -> Result<(Option<Box<dyn Amplifier>>, &'static str)> {
    let driver = settings.open().map_err(|error| {
        Error::unacceptable("amplifier_unusable", format!("[amplifier] of the configuration: {error}"))
    })?;
    Ok((driver, settings.name()))
}

fn output(audio: &Audio) -> (OutputSettings, &'static str) {
    let kind = match audio.output {
        OutputForm::Device => OutputKind::Device { name: audio.device.clone() },
        OutputForm::Capture => OutputKind::Capture { file: audio.capture_file.clone().unwrap_or_default() },
        OutputForm::Null => OutputKind::Null,
    };
    let milliseconds = |ms: u32| Duration::from_millis(u64::from(ms));
    let fades = Fades { out: milliseconds(audio.fades.cut_ms), rise: milliseconds(audio.fades.resume_ms) };
    (OutputSettings { fades, ..OutputSettings::new(kind, audio.sample_rate) }, audio.output.as_str())
}

/// Asks a child of this program what it gives up here before it looks into a recording; said once, at the start.
async fn inspection() -> Option<Confinement> {
    match blocking(|| Ok(child::probe(Path::new("/proc/self/exe")))).await {
        Ok(Ok(confinement)) if confinement.is_complete() => {
            tracing::info!(%confinement, "inspections are confined");
            Some(confinement)
        }
        Ok(Ok(confinement)) => {
            tracing::warn!(%confinement, "inspections are confined as far as this kernel can");
            Some(confinement)
        }
        Ok(Err(refusal)) => {
            tracing::error!(why = %refusal.en, "no recording can be inspected");
            None
        }
        Err(error) => {
            tracing::error!(%error, "no recording can be inspected");
            None
        }
    }
}

/// Not having a voice is no fault: texts can be recorded.
fn voice(settings: &crate::config::Speech) -> Speech {
    let speech = Speech::new(settings);
    match speech.lacking() {
        None => {
            tracing::info!(languages = ?speech.languages().collect::<Vec<_>>(), "written texts can be read")
        }
        Some(why) => tracing::info!(%why, "written texts cannot be read"),
    }
    speech
}

fn about(config: &Config, warnings: Vec<Warning>) -> About {
    About {
        name: config.station.name.clone(),
        tier: config.station.tier.clone(),
        code: config.station.code.clone(),
        timezone: config.station.timezone.clone(),
        version: env!("CARGO_PKG_VERSION"),
        warnings,
    }
}

/// There are no default credentials: the first administrator's one-time password is shown once, on the console.
fn first_administrator(store: &Store, access: &Access) -> Result<()> {
    if store.has_people()? {
        return Ok(());
    }
    if let Some(password) = access.add_person("admin", Role::Admin, None, "first start")? {
        show_password(&password);
    }
    Ok(())
}

#[expect(
    clippy::print_stdout,
    reason = "the console is the one place where the one-time password may appear"
)]
fn show_password(password: &str) {
    println!(
        "first administrator: name admin, one-time password {password} (shown this once; choose your own on the page)"
    );
}
