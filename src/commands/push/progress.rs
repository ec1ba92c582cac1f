//! How far an upload has come: a bar on a terminal, and the word that it stands still.

use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// A bar is drawn so often.
const DRAW: Duration = Duration::from_millis(200);
/// Characters of a full bar.
const WIDTH: u64 = 30;

/// How far an upload has come.
#[derive(Clone)]
pub(super) struct Progress(Arc<Shared>);

struct Shared {
    total: u64,
    sent: AtomicU64,
    tries: AtomicU64,
    drawn: bool,
    over: AtomicBool,
}

impl Progress {
    pub(super) fn start(total: u64) -> Self {
        let drawn = std::io::stderr().is_terminal();
        Self(Arc::new(Shared {
            total,
            sent: AtomicU64::new(0),
            tries: AtomicU64::new(0),
            drawn,
            over: AtomicBool::new(false),
        }))
    }

    /// From the beginning.
    pub(super) fn again(&self) {
        self.0.sent.store(0, Ordering::Relaxed);
        self.0.tries.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn sent(&self, bytes: u64) {
        self.0.sent.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Draws meanwhile. Ends when nothing was sent for `stalled`, or when no answer came within `answer` of the last byte.
    pub(super) async fn stalled(&self, stalled: Duration, answer: Duration) -> String {
        let (mut last, mut since) = (0, Instant::now());
        loop {
            self.draw();
            tokio::time::sleep(DRAW).await;
            let sent = self.0.sent.load(Ordering::Relaxed);
            if sent != last {
                (last, since) = (sent, Instant::now());
            }
            let patience = if sent >= self.0.total { answer } else { stalled };
            if since.elapsed() > patience {
                return format!("nothing moved for {} s; the line is cut", patience.as_secs());
            }
        }
    }

    fn draw(&self) {
        if self.0.drawn && !self.0.over.load(Ordering::Relaxed) {
            let text =
                bar(self.0.sent.load(Ordering::Relaxed), self.0.total, self.0.tries.load(Ordering::Relaxed));
            let _ = write!(std::io::stderr(), "\r{text}\x1b[K");
        }
    }

    /// Takes the bar away.
    pub(super) fn end(&self) {
        if self.0.drawn && !self.0.over.swap(true, Ordering::Relaxed) {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}

fn bar(sent: u64, total: u64, tries: u64) -> String {
    let part = |of: u64| (sent.min(total) * of).checked_div(total).unwrap_or(of);
    let full = part(WIDTH);
    let mebibytes = |bytes: u64| bytes as f64 / 1_048_576.0;
    let dots: String = (0..WIDTH).map(|place| if place < full { '#' } else { '.' }).collect();
    let state = if sent >= total { ", being inspected" } else { "" };
    let again = if tries > 1 { format!(", try {tries}") } else { String::new() };
    format!("[{dots}] {:3} %  {:.1} of {:.1} MiB{state}{again}", part(100), mebibytes(sent), mebibytes(total))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_says_how_far() {
        assert!(bar(0, 1000, 1).contains("[..............................]   0 %"));
        assert!(bar(500, 1000, 2).contains("]  50 %") && bar(500, 1000, 2).ends_with("try 2"));
        assert!(bar(1000, 1000, 1).contains("100 %") && bar(1000, 1000, 1).contains("inspected"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_line_that_stands_still_is_cut() {
        let progress = Progress::start(100);
        progress.again();
        progress.sent(10);
        let begun = Instant::now();
        progress.stalled(Duration::from_secs(60), Duration::from_secs(600)).await;
        assert_eq!(begun.elapsed().as_secs(), 60);
        progress.sent(90);
        let begun = Instant::now();
        progress.stalled(Duration::from_secs(60), Duration::from_secs(600)).await;
        assert_eq!(begun.elapsed().as_secs(), 600);
    }
}
