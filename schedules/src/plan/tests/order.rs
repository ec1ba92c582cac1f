//! Rule 5: the order is total, and each of its keys decides in its turn.

use super::item::{Chance, Item};
use super::station::Station;
use super::*;
use std::cmp::{Ordering, Reverse};

fn any_class() -> impl Strategy<Value = Class> {
    prop::sample::select(vec![Class::Normal, Class::Priority])
}

/// Items of few values, so that they tie. What an item carries besides its keys does not matter to the order.
fn any_item() -> impl Strategy<Value = Item> {
    let keys = (0_usize..3, any_class(), 0_i64..3, 0_i64..3, 0_u32..3, 0_u32..3);
    let rest = (0_i64..3, prop::option::of(0_usize..3), any::<bool>(), 0_i64..3);
    (keys, rest).prop_map(
        |((show, class, due, occurrence, position, attempt), (offset, run, first, until))| {
            let at = |second| Timestamp::from_second(second).unwrap();
            Item {
                show,
                class,
                due: at(due),
                occurrence: at(occurrence),
                position,
                attempt,
                offset: SignedDuration::from_secs(offset),
                run,
                until: (!first).then(|| at(until)),
                chance: if first { Chance::First } else { Chance::Within { missed: at(until) } },
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn of_two_items_exactly_one_goes_first(a in any_item(), b in any_item(), c in any_item()) {
        let relations = [a < b, a > b, a.cmp(&b) == Ordering::Equal];
        prop_assert_eq!(relations.iter().filter(|&&holds| holds).count(), 1);
        prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
        prop_assert_eq!(a.partial_cmp(&b), Some(a.cmp(&b)));
        // Equal is nothing but the same item that wants the air at the same moment.
        let same = a.id() == b.id() && a.class == b.class && a.due == b.due;
        prop_assert_eq!(a.cmp(&b) == Ordering::Equal, same);
        if a <= b && b <= c {
            prop_assert!(a <= c);
        }
        if a < b && b < c {
            prop_assert!(a < c);
        }
    }
}

/// One that wants the air, by the keys of the order.
#[derive(Clone, Debug)]
struct Contender {
    class: Class,
    /// Minutes after 17:00.
    due: i64,
    order: i32,
    /// Index into [`OWNERS`].
    owner: usize,
    campaign: bool,
    id: u128,
}

/// Those who may own something, each before the next one; those of one rank tie.
const OWNERS: [(Option<u128>, u32); 7] = [
    (None, 0),
    (Some(40), 0),
    // The province, a commune, its hamlets "a" and "z", and who is not known.
    (Some(10), 1),
    (Some(20), 2),
    (Some(31), 3),
    (Some(30), 4),
    (Some(9), 5),
];

fn unit_id(n: u128) -> UnitId {
    UnitId(Uuid::from_u128(n))
}

fn units() -> Vec<Unit> {
    let unit = |n: u128, code: &str, parent: Option<u128>| Unit {
        id: unit_id(n),
        code: code.into(),
        name: code.into(),
        tier: String::new(),
        parent: parent.map(unit_id),
        valid_from: None,
        valid_until: None,
    };
    vec![
        unit(10, "x", None),
        unit(20, "b", Some(10)),
        unit(30, "z", Some(20)),
        unit(31, "a", Some(20)),
        unit(40, "o", Some(20)),
    ]
}

impl Contender {
    /// What the order is documented to be.
    fn keys(&self) -> (Reverse<Class>, i64, i32, u32, bool, u128) {
        (Reverse(self.class), self.due, self.order, OWNERS[self.owner].1, self.campaign, self.id)
    }

    fn name(&self) -> String {
        format!("{}{}", if self.campaign { "c" } else { "p" }, self.id)
    }

    fn owner(&self) -> Option<UnitId> {
        OWNERS[self.owner].0.map(unit_id)
    }

    fn programme(&self) -> Programme {
        Programme {
            class: self.class,
            order: self.order,
            owner: self.owner(),
            start_rule: StartRule::MakeNext,
            ..programme(self.id, &format!("{} 17 * * *", self.due), &[1])
        }
    }

    fn campaign(&self) -> Campaign {
        Campaign {
            id: CampaignId(Uuid::from_u128(self.id)),
            name: self.name(),
            segments: vec![Share { id: SegmentId(Uuid::from_u128(1)), weight: 1 }],
            rotation: Rotation::InOrder,
            class: self.class,
            zones: vec![],
            languages: vec![],
            min_spacing_minutes: 0,
            phases: vec![Phase {
                name: "peak".into(),
                from: "2026-11-23".parse().unwrap(),
                to: "2026-11-23".parse().unwrap(),
                windows: vec![WindowId(Uuid::from_u128(2))],
                airings: Quota { count: 1, per: Period::Day },
            }],
            owner: self.owner(),
            order: self.order,
        }
    }
}

/// Contenders that tie in the first of their keys, as many as come.
fn any_contenders() -> impl Strategy<Value = Vec<Contender>> {
    let one = || {
        (any_class(), 0_i64..3, 0_i32..3, 0..OWNERS.len(), any::<bool>()).prop_map(
            |(class, due, order, owner, campaign)| Contender { class, due, order, owner, campaign, id: 0 },
        )
    };
    let ids = Just((1..=6).collect::<Vec<u128>>()).prop_shuffle();
    (one(), prop::collection::vec(one(), 2..6), 0_usize..6, ids).prop_map(|(first, mut all, ties, ids)| {
        for (contender, &id) in all.iter_mut().zip(&ids) {
            contender.id = id;
            contender.class = if ties > 0 { first.class } else { contender.class };
            contender.due = if ties > 1 { first.due } else { contender.due };
            contender.order = if ties > 2 { first.order } else { contender.order };
            contender.owner = if ties > 3 { first.owner } else { contender.owner };
            contender.campaign = if ties > 4 { first.campaign } else { contender.campaign };
            if contender.campaign {
                // Others fill gaps, and join when their window opens.
                (contender.class, contender.due) = (Class::Priority, 0);
            }
        }
        all
    })
}

fn contest(contenders: &[Contender]) -> Snapshot {
    let mut programmes: Vec<Programme> =
        contenders.iter().filter(|one| !one.campaign).map(Contender::programme).collect();
    // Until 17:04 something else has the air, so that all of them wait.
    programmes.push(Programme { start_rule: StartRule::MakeNext, ..programme(99, "55 16 * * *", &[9]) });
    let mut snapshot = station(vec![window(1, "16:50", "18:00"), window(2, "17:00", "18:00")], programmes);
    snapshot.campaigns = contenders.iter().filter(|one| one.campaign).map(Contender::campaign).collect();
    snapshot.units = units();
    snapshot.own_unit = Some(unit_id(40));
    snapshot
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn whoever_waits_goes_in_the_documented_order(contenders in any_contenders()) {
        let snapshot = contest(&contenders);
        let mut sorted = contenders.clone();
        sorted.sort_by_key(Contender::keys);
        let expect: Vec<String> = sorted.iter().map(Contender::name).collect();
        let from: Date = "2026-11-23".parse().unwrap();
        let day = plan(&snapshot, from, from.saturating_add(1.day())).remove(0);
        let order: Vec<String> = day.slots.iter().skip(1).map(|slot| slot.name.to_string()).collect();
        prop_assert_eq!(order, expect);
        prop_assert!(day.refusals.is_empty());
    }

    /// The shows of a station stand in the order of all keys that do not depend on the moment.
    #[test]
    fn shows_stand_in_the_documented_order(contenders in any_contenders()) {
        let snapshot = contest(&contenders);
        let station = Station::new(&snapshot);
        let names: Vec<&str> = station.shows.iter().map(|show| &*show.name).filter(|name| *name != "p99").collect();
        let mut sorted = contenders.clone();
        sorted.sort_by_key(|one| { let keys = one.keys(); (keys.2, keys.3, keys.4, keys.5) });
        prop_assert_eq!(names, sorted.iter().map(Contender::name).collect::<Vec<_>>());
    }
}

/// For each key: the one that the key favours goes first, though every later key favours the other.
#[test]
fn every_key_decides_before_the_later_ones() {
    let favoured = Contender { class: Class::Priority, due: 0, order: 0, owner: 0, campaign: false, id: 1 };
    let other = Contender { class: Class::Normal, due: 2, order: 2, owner: 6, campaign: true, id: 2 };
    let mix = |before: &Contender, key: usize, after: &Contender, tie: &Contender| {
        // Keys before `key` tie, `key` is that of `before`, the later ones are those of `after`.
        let pick = |index: usize| match index.cmp(&key) {
            Ordering::Less => tie,
            Ordering::Equal => before,
            Ordering::Greater => after,
        };
        Contender {
            class: pick(0).class,
            due: pick(1).due,
            order: pick(2).order,
            owner: pick(3).owner,
            campaign: pick(4).campaign,
            id: pick(5).id,
        }
    };
    for key in 0..6 {
        let first = mix(&favoured, key, &other, &favoured);
        let second = mix(&other, key, &favoured, &favoured);
        // Only a campaign of class priority joins the sweep, and at the opening of its window.
        let possible = |one: &Contender| Contender {
            campaign: one.campaign && one.class == Class::Priority && one.due == 0,
            ..one.clone()
        };
        let both = [possible(&second), possible(&first)];
        let from: Date = "2026-11-23".parse().unwrap();
        let slots = plan(&contest(&both), from, from.saturating_add(1.day())).remove(0).slots;
        assert_eq!(&*slots[1].name, both[1].name(), "key {key}");
        assert_eq!(slots.len(), 3, "key {key}");
    }
}

/// Of one programme, the earlier occurrence goes first although its item comes later in the running order.
#[test]
fn on_a_tie_within_a_programme_the_earlier_occurrence_goes_first() {
    let twice = Programme { start_rule: StartRule::MakeNext, ..programme(1, "0,5 17 * * *", &[5, 1]) };
    let snapshot = station(vec![window(1, "17:00", "18:00")], vec![twice]);
    let from: Date = "2026-11-23".parse().unwrap();
    let slots = plan(&snapshot, from, from.saturating_add(1.day())).remove(0).slots;
    let order: Vec<&str> =
        slots.iter().map(|slot| &slot.key.as_str()[slot.key.as_str().len() - 9..]).collect();
    assert_eq!(order, ["100000Z/0", "100000Z/1", "100500Z/0", "100500Z/1"]);
}
