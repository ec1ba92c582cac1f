//! The hazard of Modbus RTU: an answer that comes too late looks like the answer to the next request.

use std::time::Duration;

use tokio::time::sleep;

use super::{amplifier, board::Mood, settings, zones};
use crate::{AmplifierStatus, Reading};

/// Numbers that are the same each time (xorshift).
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

fn said(status: &AmplifierStatus) -> Vec<usize> {
    let relays = [(status.zones[0].1, 1), (status.zones[1].1, 2), (status.zones[2].1, 3), (status.power, 7)];
    let on = |(reading, relay): (Reading, usize)| (reading.value() == Some(true)).then_some(relay);
    let sound = (status.muted.value() == Some(false)).then_some(8);
    relays.into_iter().filter_map(on).chain(sound).collect()
}

/// Random orders to a board whose answers are late at random, mostly just about the driver's limit and the moment at
/// which it opens the line again; whatever the driver says to have read must be how the board stands.
async fn orders_against_late_answers(
    seed: u64,
    orders: u32,
    longest_ms: u64,
    mute_about_others: bool,
) -> u32 {
    let mut dice = Dice(seed);
    let (mut amplifier, board) = amplifier(&settings());
    board.lock().mute_about_others = mute_about_others;
    let mut failed = 0;
    for order in 0..orders {
        let delay = match dice.below(4) {
            0 => dice.below(longest_ms),
            1 => 290 + dice.below(20),
            2 => 380 + dice.below(60),
            _ => 0,
        };
        let mood = if delay == 0 { Mood::Well } else { Mood::Late(Duration::from_millis(delay)) };
        if dice.below(3) == 0 {
            board.is(mood)
        } else {
            board.is_once(mood)
        }
        // Something changes behind the driver's back: what was true before is false now.
        if dice.below(3) == 0 {
            let coil = dice.below(8) as usize;
            board.lock().coils[coil] ^= true;
        }
        let what = dice.below(6);
        let answer = match what {
            0 => amplifier.energise(&zones("a")).await,
            1 => amplifier.energise(&zones("b c")).await,
            2 => amplifier.unmute().await,
            3 => amplifier.mute().await,
            4 => amplifier.release().await,
            _ => amplifier.status().await,
        };
        match answer {
            Ok(status) => {
                let really: Vec<_> =
                    board.on().into_iter().filter(|relay| ![4, 5, 6].contains(relay)).collect();
                assert_eq!(said(&status), really, "seed {seed}, order {order} ({what}), {delay} ms late");
            }
            Err(_) => failed += 1,
        }
        if dice.below(8) == 0 {
            board.is(Mood::Well);
            sleep(Duration::from_millis(dice.below(3_000))).await;
        }
    }
    failed
}

#[tokio::test(start_paused = true)]
async fn a_late_answer_is_never_taken_for_the_next_one() {
    let mut failed = 0;
    for seed in 1..=40 {
        failed += orders_against_late_answers(seed * 7_919, 100, 1_500, false).await;
    }
    // the test is worth nothing if all goes well, or nothing does
    assert!((200..3_600).contains(&failed), "{failed} of 4000 orders failed");
}

#[tokio::test(start_paused = true)]
async fn nor_on_a_board_that_answers_no_fence() {
    let mut failed = 0;
    for seed in 1..=20 {
        failed += orders_against_late_answers(seed * 104_729, 50, 1_500, true).await;
    }
    assert!((50..950).contains(&failed), "{failed} of 1000 orders failed");
}

#[tokio::test(start_paused = true)]
async fn nor_later_than_any_wait() {
    let mut failed = 0;
    for seed in 1..=20 {
        failed += orders_against_late_answers(seed * 15_485_863, 50, 4_500, false).await;
    }
    assert!((50..950).contains(&failed), "{failed} of 1000 orders failed");
}

#[tokio::test(start_paused = true)]
async fn an_order_that_was_dropped_half_way_leaves_no_answer_for_the_next() {
    let mut dice = Dice(77);
    for _ in 0..500 {
        let (mut amplifier, board) = amplifier(&settings());
        amplifier.energise(&zones("a")).await.unwrap();
        board.is_once(Mood::Late(Duration::from_millis(100 + dice.below(150))));
        let dropped = Duration::from_millis(dice.below(99));
        tokio::time::timeout(dropped, amplifier.status()).await.unwrap_err();
        board.lock().coils[0] = false;
        sleep(Duration::from_millis(dice.below(200))).await;
        if let Ok(status) = amplifier.status().await {
            assert_eq!(said(&status), [7], "dropped after {dropped:?}");
        }
    }
}
