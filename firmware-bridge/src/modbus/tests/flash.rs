//! Boards that close relays for a time: the time is their dead man.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{
    amplifier,
    board::{Again, Board, Mood},
    settings, zones,
};
use crate::{Amplifier, BoardSettings, CustomMap, FlashOn, Profile};

const SECOND: Duration = Duration::from_secs(1);
const LIMIT: Duration = Duration::from_secs(3);
/// The relay of power and that of sound.
const POWER: usize = 7;
const SOUND: usize = 8;

fn timed(flash: FlashOn) -> BoardSettings {
    let (profile, flash_on) = match flash {
        FlashOn::Waveshare => (Profile::Waveshare8, None),
        FlashOn::Lc => (Profile::Custom, Some(flash)),
    };
    BoardSettings {
        profile,
        dead_man: Some(LIMIT),
        flash_renews: true,
        custom: CustomMap { flash_on, ..CustomMap::default() },
        ..settings()
    }
}

fn bench(flash: FlashOn) -> (Box<dyn Amplifier>, Board) {
    let (amplifier, board) = amplifier(&timed(flash));
    board.lock().flash_on = Some(flash);
    (amplifier, board)
}

async fn play(amplifier: &mut dyn Amplifier) {
    amplifier.energise(&zones("a b")).await.unwrap();
    amplifier.unmute().await.unwrap().confirm_energised(&zones("a b")).unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_way_there_and_back_is_that_of_every_board() {
    for flash in [FlashOn::Waveshare, FlashOn::Lc] {
        let (mut amplifier, board) = bench(flash);
        assert_eq!(amplifier.dead_man(), Some(LIMIT));
        play(amplifier.as_mut()).await;
        assert_eq!(board.on(), [1, 2, 7, 8]);
        amplifier.mute().await.unwrap().confirm_muted(true).unwrap();
        assert_eq!(board.on(), [1, 2, 7]);
        amplifier.energise(&zones("c")).await.unwrap();
        assert_eq!(board.on(), [3, 7], "{flash:?}");
        amplifier.release().await.unwrap().confirm_dark().unwrap();
        assert!(board.on().is_empty() && board.lock().fallen.is_empty(), "nothing fell by itself");
        // zones break before they make
        assert!(!board.lock().history.iter().any(|coils| coils[2] && (coils[0] || coils[1])));
    }
}

#[tokio::test(start_paused = true)]
async fn told_every_second_nothing_falls() {
    for flash in [FlashOn::Waveshare, FlashOn::Lc] {
        let (mut amplifier, board) = bench(flash);
        play(amplifier.as_mut()).await;
        let changes = board.lock().history.len();
        for _ in 0..600 {
            sleep(SECOND).await;
            let status = amplifier.hold().await.unwrap();
            status.confirm_energised(&zones("a b")).unwrap();
            status.confirm_muted(false).unwrap();
        }
        assert_eq!(board.lock().history.len(), changes, "{flash:?}: a relay moved");
        assert_eq!(board.on(), [1, 2, 7, 8]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_settling_time_beyond_the_dead_man_is_survived() {
    let slow = BoardSettings { power_settle: 2 * LIMIT, ..timed(FlashOn::Waveshare) };
    let (mut amplifier, board) = amplifier(&slow);
    board.lock().flash_on = Some(FlashOn::Waveshare);
    play(amplifier.as_mut()).await;
    assert_eq!(board.on(), [1, 2, 7, 8]);
    assert!(board.lock().fallen.is_empty());
}

/// A daemon that was killed says nothing any more, whatever it was doing: everything is dark within the limit, sound first
/// and power last.
#[tokio::test(start_paused = true)]
async fn a_driver_that_is_gone_leaves_everything_dark_in_time_and_in_order() {
    for flash in [FlashOn::Waveshare, FlashOn::Lc] {
        for killed_after in (0..2_500).step_by(7) {
            let (mut amplifier, board) = bench(flash);
            play(amplifier.as_mut()).await;
            // a board that takes its time, so that the driver can be killed between two relays
            board.is(Mood::Late(Duration::from_millis(30)));
            let lives = async {
                loop {
                    sleep(SECOND).await;
                    amplifier.hold().await.unwrap();
                }
            };
            let Err(_) = tokio::time::timeout(Duration::from_millis(killed_after), lives).await;
            drop(amplifier);
            let killed = Instant::now();
            sleep(LIMIT).await;
            assert!(board.on().is_empty(), "{flash:?}, killed after {killed_after} ms: {:?}", board.on());
            let fallen = board.lock().fallen.clone();
            let at = |relay: usize| fallen.iter().find(|(_, fell)| *fell == relay).unwrap().0;
            assert_eq!(fallen.len(), 4, "each falls once: {fallen:?}");
            for zone in [1, 2] {
                let order = [at(SOUND), at(zone), at(POWER)];
                assert!(order.is_sorted(), "killed after {killed_after} ms: {fallen:?}");
                assert!(at(POWER) - at(zone) >= Duration::from_millis(50), "{killed_after}: {fallen:?}");
            }
            assert!(at(POWER) - killed <= LIMIT);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn reading_alone_keeps_nothing_on() {
    let (mut amplifier, board) = bench(FlashOn::Waveshare);
    play(amplifier.as_mut()).await;
    for _ in 0..6 {
        sleep(SECOND / 2).await;
        amplifier.status().await.unwrap();
    }
    assert!(board.on().is_empty());
}

/// What has fallen is not closed again by a sign of life: the relays would come on in any order, with sound let through.
#[tokio::test(start_paused = true)]
async fn what_fell_is_seen_and_not_closed_again() {
    let (mut amplifier, board) = bench(FlashOn::Waveshare);
    play(amplifier.as_mut()).await;
    // the board started anew
    board.lock().coils = [false; 8];
    let status = amplifier.hold().await.unwrap();
    assert!(status.confirm_energised(&zones("a b")).is_err());
    assert!(board.on().is_empty());
    // a daemon that stood still for a while
    play(amplifier.as_mut()).await;
    sleep(Duration::from_millis(2_400)).await;
    assert!(board.lock().coils[SOUND - 1], "about to fall");
    amplifier.hold().await.unwrap();
    sleep(SECOND).await;
    assert!(board.on().is_empty());
    let status = amplifier.hold().await.unwrap();
    assert!(status.confirm_energised(&zones("a b")).is_err(), "and that is seen");
    play(amplifier.as_mut()).await;
}

/// On a board that does not count anew a programme is cut when the time of its first order is over. That is seen.
#[tokio::test(start_paused = true)]
async fn a_board_that_does_not_renew_is_found_out() {
    let (mut amplifier, board) = bench(FlashOn::Waveshare);
    board.lock().again = Again::Ignores;
    play(amplifier.as_mut()).await;
    let began = Instant::now();
    loop {
        sleep(SECOND).await;
        let status = amplifier.hold().await.unwrap();
        if status.confirm_energised(&zones("a b")).is_err() || status.confirm_muted(false).is_err() {
            break;
        }
        assert!(began.elapsed() < 2 * LIMIT, "nobody saw that it does not renew");
    }
    amplifier.release().await.unwrap();
}

/// One answer that is lost, garbled or late costs no relay its time.
#[tokio::test(start_paused = true)]
async fn one_fault_on_the_line_lets_nothing_fall() {
    for mood in [
        Mood::Silent,
        Mood::BadSum,
        Mood::Truncated,
        Mood::Late(Duration::from_millis(350)),
        Mood::Noise(vec![0, 0xFF]),
    ] {
        for nth in 0..7 {
            let (mut amplifier, board) = bench(FlashOn::Waveshare);
            play(amplifier.as_mut()).await;
            for _ in 0..5 {
                sleep(SECOND).await;
                board.is_after(nth, mood.clone());
                let status = amplifier.hold().await.unwrap();
                status.confirm_energised(&zones("a b")).unwrap();
            }
            assert!(board.lock().fallen.is_empty(), "{mood:?} at exchange {nth}: {:?}", board.lock().fallen);
            drop(amplifier);
            sleep(LIMIT).await;
            assert!(board.on().is_empty(), "{mood:?} at exchange {nth}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_dead_man_such_a_board_is_switched_as_any_other() {
    let plain = BoardSettings { dead_man: None, ..timed(FlashOn::Waveshare) };
    let (mut amplifier, board) = amplifier(&plain);
    assert_eq!(amplifier.dead_man(), None);
    play(amplifier.as_mut()).await;
    sleep(60 * SECOND).await;
    assert_eq!(board.on(), [1, 2, 7, 8]);
}
