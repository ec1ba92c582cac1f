//! The task with the simulated amplifier, on a clock that the tests own.

use super::*;
use loaxa_firmware_bridge::{Answer, SimulatedAmplifier, SimulatedFault, SimulatedHandle, SimulatedSettings};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::mpsc::unbounded_channel;
use tokio::time::sleep;

const SECOND: Duration = Duration::from_secs(1);

fn energise() -> Order {
    Order::Energise { zones: vec!["a".to_owned()], insist: false }
}

struct Bench {
    orders: UnboundedSender<Order>,
    messages: UnboundedReceiver<Message>,
    /// Whether the loop turns.
    turns: Arc<AtomicBool>,
    /// What came, oldest first: inputs by their names, sights by theirs.
    came: Vec<(Instant, String)>,
}

impl Bench {
    fn new(amplifier: Box<dyn Amplifier>) -> Self {
        let (orders, take) = unbounded_channel();
        let (give, messages) = unbounded_channel();
        let (pulse, turns) = (Pulse::new(), Arc::new(AtomicBool::new(true)));
        let (beaten, turning) = (pulse.clone(), Arc::clone(&turns));
        tokio::spawn(async move {
            loop {
                if turning.load(Ordering::Relaxed) {
                    beaten.beat();
                }
                sleep(SECOND).await;
            }
        });
        tokio::spawn(run(amplifier, take, give, pulse));
        Self { orders, messages, turns, came: Vec::new() }
    }

    fn simulated(settings: SimulatedSettings) -> (Self, SimulatedHandle) {
        let amplifier = SimulatedAmplifier::new(settings);
        let handle = amplifier.handle();
        (Self::new(Box::new(amplifier)), handle)
    }

    fn tell(&self, order: Order) {
        self.orders.send(order).unwrap();
    }

    fn drain(&mut self) {
        while let Ok(message) = self.messages.try_recv() {
            self.take(message);
        }
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Input(input) => {
                let text = format!("{input:?}");
                let word = text.split(' ').next().unwrap().to_owned();
                self.came.push((Instant::now(), if word == "LocalStop" { text } else { word }));
            }
            Message::Amplifier(seen) => {
                let word = match seen.sight {
                    Sight::Read { wanted, .. } if wanted.powered() => "read on",
                    Sight::Read { .. } => "read dark",
                    Sight::Failed(_) => "failed",
                    Sight::FoundOn { .. } => "found on",
                    _ => "other",
                };
                self.came.push((seen.at, word.to_owned()));
            }
            _ => {}
        }
    }

    /// Waits for this word; how long that took.
    async fn until(&mut self, word: &str, within: Duration) -> Duration {
        let began = Instant::now();
        self.came.clear();
        let found = tokio::time::timeout(within, async {
            loop {
                let message = self.messages.recv().await.unwrap();
                self.take(message);
                if self.came.last().is_some_and(|(_, came)| came.starts_with(word)) {
                    return;
                }
            }
        });
        assert!(found.await.is_ok(), "no {word:?} within {within:?}: {:?}", self.words());
        began.elapsed()
    }

    fn words(&self) -> Vec<&str> {
        self.came.iter().map(|(_, word)| word.as_str()).collect()
    }

    async fn play(&mut self) {
        self.tell(energise());
        self.until("AmplifierConfirmed", 5 * SECOND).await;
        self.tell(Order::Unmute);
        self.until("Unmuted", 5 * SECOND).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_loop_that_hangs_lets_the_amplifier_fall_silent() {
    let (mut bench, handle) = Bench::simulated(SimulatedSettings::default());
    bench.play().await;
    for _ in 0..60 {
        sleep(SECOND).await;
        assert!(handle.truth().audible, "while the loop turns");
    }
    bench.drain();
    bench.turns.store(false, Ordering::Relaxed);
    // the last turn, two seconds of trust, one look, three seconds of the dead man
    sleep(2 * SECOND).await;
    assert!(handle.truth().audible, "not at once: a loop may be slow for a moment");
    sleep(5 * SECOND).await;
    assert!(!handle.truth().audible && !handle.truth().power, "{:?}", handle.truth());
    bench.drain();
    assert!(bench.words().contains(&"AmplifierFailed"), "{:?}", bench.words());
    // and it can be had again without a restart
    bench.turns.store(true, Ordering::Relaxed);
    bench.play().await;
    assert!(handle.truth().audible);
}

#[tokio::test(start_paused = true)]
async fn hardware_without_a_dead_man_is_switched_off_when_the_loop_hangs() {
    let (mut bench, handle) =
        Bench::simulated(SimulatedSettings { dead_man: None, ..SimulatedSettings::default() });
    bench.play().await;
    bench.turns.store(false, Ordering::Relaxed);
    sleep(8 * SECOND).await;
    assert!(!handle.truth().power, "{:?}", handle.truth());
}

#[tokio::test(start_paused = true)]
async fn what_is_found_on_is_switched_off_and_said() {
    // left on by a daemon that died
    let mut amplifier = SimulatedAmplifier::new(SimulatedSettings::default());
    amplifier.energise(&["a".to_owned()]).await.unwrap();
    let handle = amplifier.handle();
    let mut bench = Bench::new(Box::new(amplifier));
    bench.until("found on", SECOND).await;
    bench.until("read dark", SECOND).await;
    assert!(!handle.truth().power);
    // comes on by itself while dark
    sleep(10 * SECOND).await;
    bench.drain();
    handle.inject(SimulatedFault::WeldedZone("a".to_owned()));
    let took = bench.until("found on", 5 * SECOND).await;
    assert!(took <= 3 * SECOND, "{took:?}");
    handle.repair();
    bench.until("read dark", 5 * SECOND).await;
    assert_eq!(handle.truth().zones_on, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_line_that_is_lost_is_known_within_five_seconds_and_back_without_a_restart() {
    for playing in [false, true] {
        let (mut bench, handle) = Bench::simulated(SimulatedSettings::default());
        if playing {
            bench.play().await;
        }
        sleep(10 * SECOND).await;
        bench.drain();
        handle.inject(SimulatedFault::Silent);
        let took = bench.until("failed", 5 * SECOND).await;
        assert!(took < 5 * SECOND, "{took:?}");
        sleep(60 * SECOND).await;
        assert!(!handle.truth().audible, "its dead man took it");
        handle.repair();
        bench.drain();
        bench.until("read dark", 5 * SECOND).await;
        bench.play().await;
        assert!(handle.truth().audible);
    }
}

#[tokio::test(start_paused = true)]
async fn stop_at_the_station_is_told_before_anything_fails() {
    let (mut bench, handle) = Bench::simulated(SimulatedSettings::default());
    bench.play().await;
    handle.press_stop();
    assert!(!handle.truth().audible, "at once, by the hardware alone");
    let took = bench.until("LocalStop { pressed: true }", 2 * SECOND).await;
    assert!(took <= SECOND + SECOND / 2, "{took:?}");
    assert!(!bench.words().contains(&"AmplifierFailed"), "{:?}", bench.words());
    bench.tell(Order::Release);
    bench.until("Released", SECOND).await;
    handle.release_stop();
    bench.until("LocalStop { pressed: false }", 3 * SECOND).await;
    // pressed while it is switched on: that is why it fails
    handle.press_stop();
    bench.tell(energise());
    bench.until("AmplifierFailed", 5 * SECOND).await;
    assert!(bench.words().contains(&"LocalStop { pressed: true }"), "{:?}", bench.words());
}

#[tokio::test(start_paused = true)]
async fn one_answer_that_is_lost_cuts_nothing() {
    let (mut bench, handle) = Bench::simulated(SimulatedSettings::default());
    bench.play().await;
    bench.came.clear();
    for _ in 0..10 {
        handle.inject(SimulatedFault::LateReply(SECOND / 2));
        sleep(3 * SECOND).await;
    }
    bench.drain();
    assert!(handle.truth().audible);
    assert!(bench.words().iter().all(|word| *word == "read on"), "{:?}", bench.words());
}

#[tokio::test(start_paused = true)]
async fn an_emergency_is_not_silenced_by_a_contact_that_is_broken() {
    for (insist, expect) in [(false, "AmplifierFailed"), (true, "AmplifierConfirmed")] {
        let (mut bench, handle) = Bench::simulated(SimulatedSettings::default());
        handle.inject(SimulatedFault::NotReady);
        bench.tell(Order::Energise { zones: vec!["a".to_owned()], insist });
        bench.until(expect, 5 * SECOND).await;
        if insist {
            bench.tell(Order::Unmute);
            bench.until("Unmuted", 5 * SECOND).await;
            sleep(10 * SECOND).await;
            assert!(handle.truth().audible);
        }
    }
}

/// A driver that keeps none of its promises.
struct Hangs;

impl Amplifier for Hangs {
    fn energise<'a>(&'a mut self, _: &'a [String]) -> Answer<'a> {
        Box::pin(std::future::pending())
    }
    fn unmute(&mut self) -> Answer<'_> {
        Box::pin(std::future::pending())
    }
    fn mute(&mut self) -> Answer<'_> {
        Box::pin(std::future::pending())
    }
    fn release(&mut self) -> Answer<'_> {
        Box::pin(std::future::pending())
    }
    fn status(&mut self) -> Answer<'_> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test(start_paused = true)]
async fn a_driver_that_never_answers_hangs_nobody() {
    let mut bench = Bench::new(Box::new(Hangs));
    let took = bench.until("failed", 10 * SECOND).await;
    assert!(took <= 6 * SECOND, "{took:?}");
    bench.tell(energise());
    bench.tell(Order::Mute);
    bench.tell(Order::Release);
    bench.until("failed", 10 * SECOND).await;
    // energising is over as soon as something else is ordered
    assert_eq!(bench.words().iter().filter(|word| **word == "AmplifierFailed").count(), 0);
    bench.tell(energise());
    // behind a mute and a release, each to its bound
    let took = bench.until("AmplifierFailed", 30 * SECOND).await;
    assert!(took <= SHORT + RELEASE_WITHIN + ENERGISE_WITHIN, "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_technicians_amplifier_is_muted_and_goes_dark_by_itself() {
    let (mut bench, handle) = Bench::simulated(SimulatedSettings::default());
    sleep(SECOND).await;
    let manual = |seconds: u64| {
        let (done, answer) = tokio::sync::oneshot::channel();
        let until = Instant::now() + Duration::from_secs(seconds);
        (Order::Manual { by: "Lan".to_owned(), zones: vec!["a".to_owned()], until, done }, answer)
    };
    let (order, answer) = manual(20);
    bench.tell(order);
    answer.await.unwrap().unwrap();
    sleep(18 * SECOND).await;
    assert!(handle.truth().power && handle.truth().muted);
    sleep(4 * SECOND).await;
    assert!(!handle.truth().power);
    // a programme takes it, and keeps it beyond the technician's time
    let (order, answer) = manual(5);
    bench.tell(order);
    answer.await.unwrap().unwrap();
    bench.drain();
    bench.play().await;
    sleep(10 * SECOND).await;
    assert!(handle.truth().audible);
    let (order, answer) = manual(5);
    bench.tell(order);
    answer.await.unwrap().unwrap_err();
    assert!(handle.truth().audible);
}

#[tokio::test(start_paused = true)]
async fn a_programme_ends_a_self_test() {
    let (mut bench, handle) = Bench::simulated(SimulatedSettings {
        settle: 3 * SECOND,
        zones: Some(vec!["a".to_owned()]),
        ..SimulatedSettings::default()
    });
    sleep(SECOND).await;
    let (done, answer) = tokio::sync::oneshot::channel();
    bench.tell(Order::Test { done });
    sleep(SECOND).await;
    bench.play().await;
    assert_eq!(answer.await.unwrap(), None);
    assert!(handle.truth().audible);
    // not while it plays, and whole when it does not
    let (done, answer) = tokio::sync::oneshot::channel();
    bench.tell(Order::Test { done });
    assert_eq!(answer.await.unwrap(), None);
    assert!(handle.truth().audible);
    bench.tell(Order::Release);
    bench.until("Released", SECOND).await;
    let (done, answer) = tokio::sync::oneshot::channel();
    bench.tell(Order::Test { done });
    assert!(answer.await.unwrap().is_some_and(|test| test.passed()));
    assert!(!handle.truth().power);
}

/// A day and a night: regular to the end, nothing grows.
#[tokio::test(start_paused = true)]
async fn twenty_four_hours_without_leak_or_drift() {
    const HOUR: Duration = Duration::from_secs(3_600);
    let (mut bench, handle) = Bench::simulated(SimulatedSettings::default());
    handle.inject(SimulatedFault::Noise { seed: 5, per_cent: 1 });
    let began = Instant::now();
    bench.until("read dark", SECOND).await;
    let (mut reads, mut longest) = (Vec::new(), Duration::ZERO);
    for hour in 0..24_u32 {
        bench.play().await;
        assert!(handle.truth().audible);
        for (length, every, word) in [(1_200, SECOND, "read on"), (2_300, 2 * SECOND, "read dark")] {
            if word == "read dark" {
                bench.tell(Order::Mute);
                bench.tell(Order::Release);
                bench.until("Released", SECOND).await;
            }
            // as the loop does: taken off as they come
            let end = Instant::now() + Duration::from_secs(length);
            let mut times = Vec::new();
            while let Ok(Some(message)) = tokio::time::timeout_at(end, bench.messages.recv()).await {
                bench.came.clear();
                bench.take(message);
                let (at, came) = bench.came.first().cloned().unwrap();
                assert_eq!(came, word, "in hour {hour}");
                times.push(at);
            }
            let count = u64::try_from(times.len()).unwrap();
            assert!(
                count.abs_diff(length / every.as_secs()) <= 2,
                "{count} readings of {word} in {length} s"
            );
            longest = longest
                .max(times.windows(2).map(|two| (two[1] - two[0]).saturating_sub(every)).max().unwrap());
            reads.push(count);
        }
        let next = began + HOUR * (hour + 1);
        tokio::time::sleep_until(next).await;
        bench.drain();
    }
    assert!(began.elapsed() < 24 * HOUR + SECOND);
    assert!(longest <= Duration::from_millis(100), "readings drift apart by {longest:?}");
    assert_eq!(reads[0], reads[46], "the last hour is as the first");
    assert!(handle.journal().len() <= 10_000);
    assert!(bench.messages.is_empty() && !handle.truth().power);
}
