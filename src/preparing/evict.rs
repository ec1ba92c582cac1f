//! Which prepared files go when there is not room for all of them. No disk, no clock.

use jiff::Timestamp;

/// A prepared file as it is judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OnShelf {
    /// Root hash of what is in it.
    pub(super) root: String,
    /// Its size.
    pub(super) bytes: u64,
    /// When it was last needed.
    pub(super) needed_at: Timestamp,
    /// Planned, armed, on air, of an emergency recording, or listened to: it stays whatever the room.
    pub(super) stays: bool,
    /// Another one took its place.
    pub(super) superseded: bool,
}

/// What there is room for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    /// All of them together, in bytes; None: no bound.
    pub(super) most: Option<u64>,
    /// What was needed last before this goes; None: nothing goes for its age.
    pub(super) oldest: Option<Timestamp>,
    /// So many bytes must become free.
    pub(super) wanted: u64,
}

/// What goes: what was superseded, what is too old, then what was needed longest ago until the rest has room.
pub(super) fn to_go(mut files: Vec<OnShelf>, room: Room) -> Vec<OnShelf> {
    let all: u64 = files.iter().map(|file| file.bytes).sum();
    let (mut left, mut freed) = (all, 0_u64);
    files.retain(|file| !file.stays);
    files.sort_by(|a, b| {
        let key = |file: &OnShelf| (!file.superseded, file.needed_at);
        key(a).cmp(&key(b)).then_with(|| a.root.cmp(&b.root))
    });
    files
        .into_iter()
        .take_while(|file| {
            let old = room.oldest.is_some_and(|oldest| file.needed_at < oldest);
            let crowded = room.most.is_some_and(|most| left > most) || freed < room.wanted;
            let goes = file.superseded || old || crowded;
            if goes {
                left -= file.bytes;
                freed += file.bytes;
            }
            goes
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Files written as `name bytes needed-at`, with `stays` or `superseded` behind.
    fn check(files: &[&str], most: Option<u64>, oldest: Option<i64>, wanted: u64, expect: &[&str]) {
        let files = files.iter().map(|file| {
            let words: Vec<&str> = file.split(' ').collect();
            OnShelf {
                root: words[0].to_owned(),
                bytes: words[1].parse().unwrap(),
                needed_at: Timestamp::from_second(words[2].parse().unwrap()).unwrap(),
                stays: words.contains(&"stays"),
                superseded: words.contains(&"superseded"),
            }
        });
        let oldest = oldest.map(|second| Timestamp::from_second(second).unwrap());
        let gone = to_go(files.collect(), Room { most, oldest, wanted });
        let gone: Vec<&str> = gone.iter().map(|file| file.root.as_str()).collect();
        assert_eq!(gone, expect);
    }

    #[test]
    fn what_was_needed_longest_ago_goes_first_and_only_as_much_as_must() {
        let files = ["a 10 30", "b 10 10", "c 10 20"];
        check(&files, None, None, 0, &[]);
        check(&files, Some(30), None, 0, &[]);
        check(&files, Some(29), None, 0, &["b"]);
        check(&files, Some(10), None, 0, &["b", "c"]);
        check(&files, None, None, 11, &["b", "c"]);
    }

    #[test]
    fn what_is_needed_stays_even_where_it_alone_is_too_much() {
        check(&["a 100 1 stays", "b 10 20", "c 10 30"], Some(50), Some(25), 500, &["b", "c"]);
        check(&["a 100 1 stays"], Some(50), Some(25), 500, &[]);
    }

    #[test]
    fn age_alone_is_enough_and_what_was_superseded_goes_at_once() {
        check(&["a 10 30", "b 10 10"], None, Some(20), 0, &["b"]);
        check(&["a 10 30 superseded", "b 10 10"], None, None, 0, &["a"]);
        check(&["a 10 30 superseded stays", "b 10 10"], None, None, 0, &[]);
    }
}
