#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

use super::*;
use crate::clock::TrustReason;
use crate::config::{Orders, Policy};
use crate::store::{Decision, IdentityKind, NewIdentity, NewSegment, PreparedSound, SegmentRecord, Sound};
use loaxa_evidence::{KeyKind, Order, SigningKey};
use loaxa_schedules::{Class, SegmentId};
use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// 2026-11-30T10:00:00Z.
const NOW: i64 = 1_796_032_800;

/// A clock that stands still until it is moved.
struct Still(Mutex<Now>);

impl Clock for Still {
    fn now(&self) -> Now {
        *self.0.lock().unwrap()
    }
    fn trust(&self) -> TrustReason {
        TrustReason::ConfiguredAlways
    }
    fn instant(&self, _: Duration) -> Instant {
        unreachable!("nobody waits here")
    }
    fn mono(&self, _: Instant) -> Duration {
        unreachable!("nobody waits here")
    }
    fn remember(&self, _: Timestamp) {}
    fn vouch(&self) {}
}

fn key(name: &str, seed: u8) -> SigningKey {
    SigningKey::from_seed(name, KeyKind::Note, &[seed; 32].into()).unwrap()
}

struct Lab {
    folder: TempDir,
    clock: Arc<Still>,
    store: Arc<Store>,
    book: OrderBook,
    author: (SigningKey, Publisher),
    approver: (SigningKey, Publisher),
    segment: SegmentId,
    counter: std::cell::Cell<i64>,
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

fn publisher(key: &SigningKey, name: &str, classes: &[Class]) -> NewPublisher {
    NewPublisher {
        name: name.to_owned(),
        tier: None,
        holder: None,
        key: key.public().clone(),
        classes: classes.iter().copied().collect(),
        valid_from: None,
        valid_until: None,
    }
}

impl Lab {
    fn new(policy: Policy, signatures: u8) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock =
            Arc::new(Still(Mutex::new(Now { wall: at(NOW), mono: Duration::from_secs(9), trusted: true })));
        let store = Arc::new(Store::open(folder.path(), at(NOW)).unwrap());
        store.ask_for_orders(Orders { policy, signatures });
        for id in ["i", "j"] {
            let new = NewIdentity {
                id: id.to_owned(),
                kind: IdentityKind::Token,
                name: id,
                role: None,
                scopes: BTreeSet::new(),
                secret: id.to_owned(),
                one_time: false,
                expires_at: None,
            };
            store.add_identity(&new, "console", at(NOW)).unwrap();
        }
        let book = OrderBook::open(Arc::clone(&store), clock.clone(), folder.path()).unwrap();
        let every = [Class::Normal, Class::Priority];
        let (an, binh) = (key("huyen/an", 1), key("huyen/binh", 2));
        let author = book.add(&publisher(&an, "Huyện A", &every), "i").unwrap();
        let approver = book.add(&publisher(&binh, "Huyện A", &every), "i").unwrap();
        let segment = SegmentId(uuid::Uuid::from_u128(8));
        let lab = Self {
            folder,
            clock,
            store,
            book,
            author: (an, author),
            approver: (binh, approver),
            segment,
            counter: std::cell::Cell::new(0),
        };
        lab.push();
        lab
    }

    fn push(&self) {
        let new = NewSegment {
            id: self.segment,
            sha256: "a5".repeat(32),
            bytes: 1,
            title: "Tin".to_owned(),
            language: "vi".to_owned(),
            class: Class::Normal,
            music: false,
            source: None,
            valid_from: None,
            valid_until: None,
            campaign: None,
            external_id: None,
            trim: None,
            spoken: None,
        };
        self.store.add_segment(&new, "i", at(NOW)).unwrap();
        let sound = Sound {
            codec: "wav".to_owned(),
            sample_rate: 48_000,
            channels: 1,
            peak_dbfs: None,
            warnings: Vec::new(),
            loudness: None,
            tags: Default::default(),
        };
        let prepared = PreparedSound {
            duration: SignedDuration::from_secs(4),
            root: "bb".to_owned(),
            sound,
            waveform: Vec::new(),
            recipe: String::new(),
            trim: None,
            original_length: SignedDuration::from_secs(4),
            original_waveform: Vec::new(),
        };
        self.store.set_prepared(self.segment, &prepared, at(NOW)).unwrap();
    }

    fn airing(&self) -> Airing {
        Airing {
            class: "normal".to_owned(),
            segment: "a5".repeat(32),
            title: "Tin".to_owned(),
            language: "vi".to_owned(),
            valid_from: None,
            valid_until: None,
            only: OrderFor::Any,
            nonce: None,
        }
    }

    /// The next order of the author.
    fn order(&self) -> Order {
        self.counter.set(self.counter.get() + 1);
        Order {
            station: self.book.station().to_owned(),
            id: format!("01890a5d-ac96-774b-bcce-{:012x}", self.counter.get()),
            counter: self.counter.get(),
            matter: Matter::Air(self.airing()),
            not_before: NOW - 60,
            expires: NOW + 3_600,
            author: "An".to_owned(),
            approver: "Bình".to_owned(),
        }
    }

    fn emergency(&self, nonce: &str) -> Order {
        let it = Airing {
            class: "emergency".to_owned(),
            only: OrderFor::Emergency,
            nonce: Some(nonce.to_owned()),
            ..self.airing()
        };
        Order { matter: Matter::Air(it), ..self.order() }
    }

    fn take(&self, order: &Order, keys: &[&SigningKey]) -> Result<(KeptOrder, bool)> {
        self.book.take(&order.signed(keys).unwrap().note.to_string(), "j")
    }

    fn refused(&self, order: &Order, keys: &[&SigningKey]) -> String {
        let before = self.store.log_head().unwrap();
        let error = self.take(order, keys).unwrap_err();
        assert_eq!(self.store.log_head().unwrap(), before, "nothing is kept of what is refused");
        error.code.into_owned()
    }

    fn record(&self) -> SegmentRecord {
        self.store.segment(self.segment).unwrap()
    }

    fn airs(&self) -> bool {
        self.store.leave(&self.record()).unwrap().airs(self.clock.now())
    }

    fn set(&self, change: impl FnOnce(&mut Now)) {
        change(&mut self.clock.0.lock().unwrap());
    }

    fn approve(&self) {
        self.store.decide(self.segment, Decision::Approve, None, "j", at(NOW)).unwrap();
    }
}

#[test]
fn each_policy_asks_for_its_own_words() {
    for (policy, with_approval, with_order) in
        [(Policy::Local, true, false), (Policy::Signed, false, true), (Policy::Both, false, false)]
    {
        let lab = Lab::new(policy, 1);
        assert!(!lab.airs(), "{policy:?}: nobody's word");
        lab.approve();
        assert_eq!(lab.airs(), with_approval, "{policy:?}: an approval");
        let lab = Lab::new(policy, 1);
        let (kept, new) = lab.take(&lab.order(), &[&lab.author.0]).unwrap();
        assert!(new && kept.segment == Some(lab.segment.to_string()));
        assert_eq!(lab.airs(), with_order, "{policy:?}: an order");
        lab.approve();
        assert!(lab.airs(), "{policy:?}: both");
        lab.store.withdraw(lab.segment, "j", at(NOW)).unwrap();
        assert!(!lab.airs(), "{policy:?}: nobody's word brings back what was withdrawn");
    }
}

#[test]
fn an_order_covers_what_was_signed_and_nothing_that_differs_in_a_word() {
    let other = |change: fn(&mut Airing)| {
        let lab = Lab::new(Policy::Signed, 1);
        let mut it = lab.airing();
        change(&mut it);
        lab.take(&Order { matter: Matter::Air(it), ..lab.order() }, &[&lab.author.0]).unwrap();
        lab.airs()
    };
    assert!(other(|_| {}));
    assert!(!other(|it| it.segment = "b5".repeat(32)));
    assert!(!other(|it| it.title = "Tin khác".to_owned()));
    assert!(!other(|it| it.language = "tyz".to_owned()));
    assert!(!other(|it| it.class = "priority".to_owned()));
    assert!(!other(|it| it.valid_from = Some("2026-01-01".to_owned())));
    assert!(!other(|it| it.valid_until = Some("2027-01-01".to_owned())));
}

#[test]
fn an_order_is_in_force_for_its_time_and_ends_with_its_key() {
    let lab = Lab::new(Policy::Signed, 1);
    lab.take(&Order { not_before: NOW + 100, ..lab.order() }, &[&lab.author.0]).unwrap();
    assert!(!lab.airs());
    lab.set(|now| now.wall = at(NOW + 100));
    assert!(lab.airs());
    lab.set(|now| now.wall = at(NOW + 3_600));
    assert!(!lab.airs());
    lab.set(|now| now.wall = at(NOW + 200));
    lab.store.revoke_publisher(&lab.author.1.id, "i", at(NOW)).unwrap();
    assert!(!lab.airs(), "revoked at once");
    assert_eq!(lab.refused(&lab.order(), &[&lab.author.0]), "key_revoked");

    let ends = Lab::new(Policy::Signed, 1);
    let third = key("huyen/chi", 3);
    let until = Some(at(NOW + 60));
    let new = NewPublisher { valid_until: until, ..publisher(&third, "Huyện A", &[Class::Normal]) };
    ends.book.add(&new, "i").unwrap();
    ends.take(&ends.order(), &[&third]).unwrap();
    assert!(ends.airs());
    ends.set(|now| now.wall = at(NOW + 60));
    assert!(!ends.airs(), "the key's own end is that of its orders");
    assert_eq!(ends.refused(&ends.order(), &[&third]), "key_not_valid");
}

#[test]
fn the_same_bytes_are_one_order_and_old_ones_are_refused() {
    let lab = Lab::new(Policy::Signed, 1);
    let (first, second) = (lab.order(), lab.order());
    let (kept, new) = lab.take(&second, &[&lab.author.0]).unwrap();
    assert!(new);
    let before = lab.store.log_head().unwrap();
    assert_eq!(lab.take(&second, &[&lab.author.0]).unwrap(), (kept, false));
    assert_eq!(lab.store.log_head().unwrap(), before, "nothing twice");
    assert_eq!(lab.refused(&first, &[&lab.author.0]), "order_replayed");
    assert_eq!(
        lab.refused(&Order { counter: second.counter, ..lab.order() }, &[&lab.author.0]),
        "order_replayed"
    );
    let again = Order { id: second.id.clone(), ..lab.order() };
    assert_eq!(lab.refused(&again, &[&lab.author.0]), "order_known");
    // after a restart, too
    let book = OrderBook::open(Arc::clone(&lab.store), lab.clock.clone(), lab.folder.path()).unwrap();
    let text = first.signed(&[&lab.author.0]).unwrap().note.to_string();
    assert_eq!(book.take(&text, "j").unwrap_err().code, "order_replayed");
}

#[test]
fn an_old_database_that_is_put_back_takes_no_old_order() {
    let lab = Lab::new(Policy::Signed, 1);
    let station = lab.book.station().to_owned();
    let order = lab.order();
    let Lab { folder, clock, store, book, author, .. } = lab;
    drop((book, store));
    let files = || {
        let all = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
        all.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("loaxa.db"))
    };
    let old: Vec<_> = files().map(|path| (path.clone(), std::fs::read(path).unwrap())).collect();
    let text = order.signed(&[&author.0]).unwrap().note.to_string();
    {
        let store = Arc::new(Store::open(folder.path(), at(NOW)).unwrap());
        let book = OrderBook::open(Arc::clone(&store), clock.clone(), folder.path()).unwrap();
        assert_eq!(book.station(), station);
        assert!(book.take(&text, "j").unwrap().1);
    }
    files().for_each(|path| std::fs::remove_file(path).unwrap());
    old.iter().for_each(|(path, bytes)| std::fs::write(path, bytes).unwrap());
    let store = Arc::new(Store::open(folder.path(), at(NOW)).unwrap());
    assert_eq!(store.publisher(&author.1.id).unwrap().counter, 0, "it is the old one");
    let book = OrderBook::open(Arc::clone(&store), clock, folder.path()).unwrap();
    assert_eq!(store.publisher(&author.1.id).unwrap().counter, order.counter);
    assert_eq!(book.take(&text, "j").unwrap_err().code, "order_replayed");
    let last = store.log_rows(0, 99).unwrap().pop().unwrap();
    assert!(last.kind == "publisher" && last.body.contains("counters_raised"), "{last:?}");
}

#[test]
fn who_may_not_sign_is_refused_by_name() {
    let lab = Lab::new(Policy::Signed, 1);
    let (an, binh) = (&lab.author.0, &lab.approver.0);
    let code = |order: Order, keys: &[&SigningKey]| lab.refused(&order, keys);
    assert_eq!(code(lab.order(), &[&key("huyen/an", 9)]), "unknown_key");
    assert_eq!(code(lab.order(), &[an, &key("huyen/binh", 9)]), "unknown_key");
    assert_eq!(code(lab.order(), &[an, an]), "own_approval");
    let stranger = key("tinh/chi", 3);
    lab.book.add(&publisher(&stranger, "Tỉnh B", &[Class::Normal]), "i").unwrap();
    assert_eq!(code(lab.order(), &[an, &stranger]), "another_publisher");
    let other = Order { station: format!("loaxa/{}", "0".repeat(32)), ..lab.order() };
    assert_eq!(code(other, &[an]), "another_station");
    let nonce = lab.book.nonce("j").unwrap();
    assert_eq!(code(lab.emergency(&nonce), &[an]), "class_not_allowed");
    assert_eq!(code(Order { not_before: NOW - 60, expires: NOW, ..lab.order() }, &[an]), "order_expired");
    assert_eq!(code(Order { expires: NOW + 401 * 86_400, ..lab.order() }, &[an]), "expires_too_far");
    let held = key("huyen/dung", 4);
    let new =
        NewPublisher { holder: Some("Dũng".to_owned()), ..publisher(&held, "Huyện A", &[Class::Normal]) };
    lab.book.add(&new, "i").unwrap();
    assert_eq!(code(lab.order(), &[&held]), "wrong_holder");
    assert_eq!(code(lab.order(), &[an, &held]), "wrong_holder");
    lab.take(&Order { author: "Dũng".to_owned(), ..lab.order() }, &[&held, binh]).unwrap();
    // a good name and a good identifier, and the signature of something else
    let (one, two) = (lab.order().signed(&[an]).unwrap(), lab.order().signed(&[an]).unwrap());
    let mut swapped = one.note;
    swapped.signatures = two.note.signatures;
    assert_eq!(lab.book.take(&swapped.to_string(), "j").unwrap_err().code, "bad_signature");
    assert_eq!(lab.book.take("hello", "j").unwrap_err().code, "bad_order");
    assert!(!lab.airs() || lab.store.orders(None, 9).unwrap().len() == 1);
    assert_eq!(lab.book.add(&publisher(an, "Huyện A", &[Class::Normal]), "i").unwrap_err().code, "key_known");
    let renamed = key("huyen/khac", 1);
    assert_eq!(lab.book.add(&publisher(&renamed, "B", &[Class::Normal]), "i").unwrap_err().code, "key_known");
}

#[test]
fn where_two_must_sign_one_does_not_do() {
    let lab = Lab::new(Policy::Signed, 2);
    assert_eq!(lab.refused(&lab.order(), &[&lab.author.0]), "one_signature");
    lab.take(&lab.order(), &[&lab.author.0, &lab.approver.0]).unwrap();
    assert!(lab.airs());
    lab.store.revoke_publisher(&lab.approver.1.id, "i", at(NOW)).unwrap();
    assert!(!lab.airs(), "both keys must count");
}

#[test]
fn while_nobody_knows_the_time_only_what_is_proven_fresh_is_taken() {
    let lab = Lab::new(Policy::Signed, 1);
    let siren = key("huyen/khan", 5);
    lab.book.add(&publisher(&siren, "Huyện A", &[Class::Emergency]), "i").unwrap();
    assert_eq!(lab.refused(&lab.emergency(&"0".repeat(32)), &[&siren]), "stale_nonce");
    lab.set(|now| now.trusted = false);
    assert_eq!(lab.refused(&lab.order(), &[&lab.author.0]), "clock_untrusted");
    let nonce = lab.book.nonce("j").unwrap();
    let order = lab.emergency(&nonce);
    lab.take(&order, &[&siren]).unwrap();
    assert!(!lab.take(&order, &[&siren]).unwrap().1, "the same again is the same");
    assert_eq!(lab.refused(&lab.emergency(&nonce), &[&siren]), "stale_nonce");
    let late = lab.book.nonce("j").unwrap();
    lab.set(|now| now.mono += NONCE_LIFE);
    assert_eq!(lab.refused(&lab.emergency(&late), &[&siren]), "stale_nonce");
    // one that was refused for something else is not used up
    lab.set(|now| now.trusted = true);
    let nonce = lab.book.nonce("j").unwrap();
    assert_eq!(
        lab.refused(&Order { expires: NOW - 1, not_before: NOW - 9, ..lab.emergency(&nonce) }, &[&siren]),
        "order_expired"
    );
    lab.take(&lab.emergency(&nonce), &[&siren]).unwrap();
}

#[test]
fn a_key_is_replaced_by_its_own_order_and_the_thief_goes_with_it() {
    let lab = Lab::new(Policy::Signed, 1);
    let new = key("huyen/an2", 6);
    let order = || Order { matter: Matter::Key(new.public().clone()), ..lab.order() };
    assert_eq!(lab.refused(&order(), &[&lab.author.0]), "bad_signature");
    assert_eq!(lab.refused(&order(), &[&lab.author.0, &lab.approver.0]), "bad_signature");
    assert_eq!(lab.refused(&order(), &[&new, &new]), "unknown_key");
    lab.take(&lab.order(), &[&lab.author.0]).unwrap();
    lab.take(&order(), &[&lab.author.0, &new]).unwrap();
    assert!(lab.airs(), "what the old one signed counts");
    assert_eq!(lab.refused(&lab.order(), &[&lab.author.0]), "key_replaced");
    lab.take(&lab.order(), &[&new]).unwrap();
    let known = lab.store.publishers(None, 9).unwrap();
    let heir = known.iter().find(|it| it.key == *new.public()).unwrap();
    assert!(heir.created_by.starts_with("order ") && heir.name == "Huyện A", "{heir:?}");
    lab.store.revoke_publisher(&lab.author.1.id, "i", at(NOW)).unwrap();
    assert!(!lab.airs(), "whoever stole the old one may have signed the new one in");
    assert_eq!(lab.refused(&lab.order(), &[&new]), "key_revoked");
}
