//! Whatever people do, and whatever is done to the database: what may sound was approved by enough different people, as it is
//! now, and by nobody who had a hand in it. The model keeps its own account, and knows nothing of digests.

use super::tests::{NOW, add, prepare, prepared, segment};
use super::*;
use crate::store::{IdentityKind, Store};
use loaxa_schedules::{SegmentId, Trim};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// Each identity with the person behind it.
const WHO: [(&str, &str); 8] = [
    ("An", "An"),
    ("Bình", "Bình"),
    ("Chi", "Chi"),
    ("a1", "An"),
    ("a2", "An"),
    ("one", "one"),
    ("o1", "one"),
    ("two", "two"),
];

/// What can be said of a segment: few enough things that the same ones come again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Words {
    sound: bool,
    title: bool,
    music: bool,
    trim: bool,
    class: u8,
}

#[derive(Debug, Clone)]
enum Act {
    Push(usize, Words),
    Edit(usize, usize, Words),
    Decide(usize, usize, bool),
    Withdraw(usize, usize),
    /// The row is changed by somebody who reaches the file: these words, or called approved.
    Tamper(usize, Option<Words>),
}

fn words() -> impl Strategy<Value = Words> {
    let rarely = || proptest::bool::weighted(0.1);
    (any::<bool>(), any::<bool>(), rarely(), rarely(), 0..3_u8)
        .prop_map(|(sound, title, music, trim, class)| Words { sound, title, music, trim, class })
}

fn act() -> impl Strategy<Value = Act> {
    let (who, which) = (0..WHO.len(), 0..3_usize);
    prop_oneof![
        2 => (who.clone(), words()).prop_map(|(who, words)| Act::Push(who, words)),
        2 => (who.clone(), which.clone(), words()).prop_map(|(who, it, words)| Act::Edit(who, it, words)),
        9 => (who.clone(), which.clone(), proptest::bool::weighted(0.95))
            .prop_map(|(who, it, yes)| Act::Decide(who, it, yes)),
        1 => (who, which.clone()).prop_map(|(who, it)| Act::Withdraw(who, it)),
        1 => (which, proptest::option::of(words())).prop_map(|(it, words)| Act::Tamper(it, words)),
    ]
}

fn class_of(words: Words) -> Class {
    [Class::Normal, Class::Priority, Class::Emergency][usize::from(words.class)]
}

fn said(words: Words, id: SegmentId) -> NewSegment {
    NewSegment {
        id,
        sha256: if words.sound { "aa" } else { "bb" }.repeat(32),
        title: if words.title { "Lũ" } else { "Tin" }.to_owned(),
        music: words.music,
        trim: words.trim.then_some(Trim { start_ms: 500, end_ms: 3000 }),
        ..segment(class_of(words))
    }
}

/// What is known of one segment by who watches everything.
#[derive(Debug)]
struct Known {
    words: Words,
    hands: BTreeSet<&'static str>,
    /// Who said yes to which words, since they were last changed through the door.
    yes: Vec<(&'static str, Words)>,
    over: bool,
}

impl Known {
    fn may_sound(&self) -> bool {
        let people: BTreeSet<&str> = self
            .yes
            .iter()
            .filter(|(person, words)| *words == self.words && !self.hands.contains(person))
            .map(|(person, _)| *person)
            .collect();
        !self.over && people.len() >= if self.words.class == 2 { 2 } else { 1 }
    }
}

struct World {
    folder: tempfile::TempDir,
    store: Store,
    known: BTreeMap<SegmentId, Known>,
    made: u128,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), NOW).unwrap();
        for (id, person) in WHO {
            let kind =
                if ["An", "Bình", "Chi"].contains(&id) { IdentityKind::Person } else { IdentityKind::Token };
            add(&store, id, kind, if id == person { "console" } else { person });
        }
        Self { folder, store, known: BTreeMap::new(), made: 0 }
    }

    fn nth(&self, number: usize) -> Option<SegmentId> {
        self.known.keys().rev().nth(number).copied()
    }

    fn act(&mut self, act: &Act) {
        match *act {
            Act::Push(who, words) => {
                self.made += 1;
                // nothing is trimmed before it was heard
                let words = Words { trim: false, ..words };
                let new = said(words, SegmentId(uuid::Uuid::from_u128(self.made)));
                let (record, fresh) = self.store.add_segment(&new, WHO[who].0, NOW).unwrap();
                let id = record.pushed.id;
                if fresh {
                    prepare(&self.store, id);
                    let known = Known { words, hands: BTreeSet::new(), yes: Vec::new(), over: false };
                    self.known.insert(id, known);
                }
                self.known.get_mut(&id).unwrap().hands.insert(WHO[who].1);
            }
            Act::Edit(who, number, words) => {
                let Some(id) = self.nth(number) else { return };
                let before = self.store.segment(id).unwrap();
                // the sound of a segment is nothing that can be edited
                let known = self.known.get_mut(&id).unwrap();
                let words = Words { sound: known.words.sound, ..words };
                let sound = prepared(said(words, id).trim);
                let edited =
                    self.store.edit_segment(id, before.version, (WHO[who].0, NOW), Some(&sound), |_| {
                        Ok(said(words, id))
                    });
                if edited.is_ok() && words != known.words {
                    known.words = words;
                    known.yes.clear();
                    known.hands.insert(WHO[who].1);
                }
            }
            Act::Decide(who, number, yes) => {
                let Some(id) = self.nth(number) else { return };
                let decision = if yes { Decision::Approve } else { Decision::Reject };
                let decided = self.store.decide(id, decision, None, WHO[who].0, NOW);
                let known = self.known.get_mut(&id).unwrap();
                assert!(decided.is_err() || !known.hands.contains(WHO[who].1), "a hand decided");
                match (decided, yes) {
                    (Ok(_), true) => known.yes.push((WHO[who].1, known.words)),
                    (Ok(_), false) => known.over = true,
                    (Err(_), _) => {}
                }
            }
            Act::Withdraw(who, number) => {
                let Some(id) = self.nth(number) else { return };
                self.store.withdraw(id, WHO[who].0, NOW).unwrap();
                self.known.get_mut(&id).unwrap().over = true;
            }
            Act::Tamper(number, words) => {
                let Some(id) = self.nth(number) else { return };
                let connection = rusqlite::Connection::open(self.folder.path().join("loaxa.db")).unwrap();
                let known = self.known.get_mut(&id).unwrap();
                let sql = "UPDATE segments SET sha256 = ?1, title = ?2, music = ?3, class = ?4, trim_start = ?5, trim_end = ?6
                    WHERE id = ?7";
                if let Some(words) = words {
                    let it = said(words, id);
                    let (start, end) = it.trim.map(|trim| (trim.start_ms as i64, trim.end_ms as i64)).unzip();
                    let row = (it.sha256, it.title, it.music, it.class.as_str(), start, end, id.to_string());
                    connection.execute(sql, row).unwrap();
                    known.words = words;
                } else if !known.over {
                    connection
                        .execute("UPDATE segments SET state = 'approved' WHERE id = ?1", [id.to_string()])
                        .unwrap();
                }
            }
        }
    }

    /// How many may sound.
    fn check(&self) -> Result<usize, TestCaseError> {
        let mut sounding = 0;
        for record in self.store.all_segments().unwrap() {
            let known = &self.known[&record.pushed.id];
            let may = record.standing == Standing::Approved;
            prop_assert!(!may || known.may_sound(), "{:?} {:?}", record.standing, known);
            sounding += usize::from(may);
        }
        Ok(sounding)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_may_sound_without_enough_different_people_for_exactly_this(acts in prop::collection::vec(act(), 1..40)) {
        let mut world = World::new();
        for act in &acts {
            world.act(act);
            world.check()?;
        }
        // and it is the rule and no mishap that decides: three who had no hand in it can bring the last one through
        let Some(id) = world.nth(0).filter(|id| !world.known[id].over) else { return Ok(()) };
        for who in 0..WHO.len() {
            world.act(&Act::Decide(who, 0, true));
        }
        let people: BTreeSet<&str> = WHO.iter().map(|(_, person)| *person).collect();
        let free = people.difference(&world.known[&id].hands).count();
        let enough = free >= if world.known[&id].words.class == 2 { 2 } else { 1 };
        prop_assert_eq!(world.store.segment(id).unwrap().standing == Standing::Approved, enough);
        world.check()?;
    }
}

/// A sample in every run; `LOAXA_CASES` for the whole.
fn cases() -> u32 {
    std::env::var("LOAXA_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(48)
}
