//! Ten thousand bad orders, approvals and requests against a station that would be heard within ten seconds if one of them were
//! taken for good: not a frame sounds.

use crate::http::{Answer, Body, Client};
use crate::orders::{asking_for, told};
use crate::sound;
use crate::station::{Station, decide, id_of, push};
use crate::time::{instant, now, wait_for};
use jiff::SignedDuration;
use loaxa_evidence::{Airing, KeyKind, Matter, Note, Order, OrderFor, SigningKey};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::time::Duration;

/// Seeded numbers (splitmix64): the same campaign each time.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(bound).unwrap()).unwrap()
    }

    fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        let at = self.below(all.len());
        &all[at]
    }
}

/// A recording of the campaign.
#[derive(Clone)]
struct Target {
    id: String,
    sha256: String,
    title: String,
}

/// A station that asks for both words, and recordings of which each lacks one of them: a single bad order or approval that
/// is taken would be heard within ten seconds.
struct Siege {
    station: Station,
    name: String,
    /// Approved, and not ordered.
    approved: Target,
    /// Ordered, and not approved; pushed by `both`.
    ordered: Target,
    /// Approved as an emergency, and not ordered.
    siren: Target,
    /// With neither.
    bare: Target,
    good: SigningKey,
    second: SigningKey,
    revoked: SigningKey,
    only_priority: SigningKey,
    over: SigningKey,
    /// Its orders are taken, and are for words that no recording has.
    stray: SigningKey,
    /// Tokens that are good for something else than what they are used for, by the name of their holders.
    stolen: Vec<(&'static str, String)>,
    /// That were good once, or nearly are.
    dead: Vec<String>,
    counter: i64,
}

fn key(name: &str, seed: u8) -> SigningKey {
    SigningKey::from_seed(name, KeyKind::Note, &[seed; 32].into()).unwrap()
}

impl Siege {
    fn begin() -> Self {
        let station = asking_for("both");
        let names = ["good", "second", "revoked", "priority", "over", "stray"];
        let keys: Vec<SigningKey> =
            names.iter().zip(1..).map(|(name, seed)| key(&format!("huyen/{name}"), seed)).collect();
        let mut ids = Vec::new();
        for (name, key) in names.iter().zip(&keys) {
            let class = if *name == "priority" { &["priority"][..] } else { &["normal", "emergency"][..] };
            let public = key.public().to_string();
            let mut arguments = vec!["key", "add", &public, "--name", "Huyện A", "--json"];
            class.iter().for_each(|class| arguments.extend(["--class", class]));
            let past = (now() - SignedDuration::from_hours(24)).to_string();
            if *name == "over" {
                arguments.extend(["--valid-until", &past]);
            }
            ids.push(id_of(&told(&station, &arguments)));
        }
        told(&station, &["key", "revoke", &ids[2], "--json"]);
        let named = told(&station, &["key", "show", "--json"])["origin"].as_str().unwrap().to_owned();
        let target = |client: &Client, title: &str, class: &str, number: u32| {
            let audio = sound::tone(number, 1.0);
            let words = json!({ "title": title, "class": class });
            let id = id_of(&push(client, &words, &audio).expect(201).json());
            wait_for("the inspection", Duration::from_secs(60), || {
                let found = station.auditor().get(&format!("/segments/{id}")).expect(200).json();
                (found["state"] == "awaiting_approval").then_some(())
            });
            let sha256 = Sha256::digest(&audio).iter().map(|byte| format!("{byte:02x}")).collect();
            Target { id, sha256, title: title.to_owned() }
        };
        let (uploader, both) = (station.uploader(), station.with(&station.people.both));
        let approved = target(&uploader, "Đã duyệt", "normal", 201);
        let ordered = target(&both, "Đã lệnh", "normal", 202);
        let siren = target(&uploader, "Lũ về", "emergency", 203);
        let bare = target(&uploader, "Chưa gì", "normal", 204);
        station.approve(&approved.id);
        station.approve(&siren.id);
        let (revoked_token, id) =
            station.token("revoked", &["segments:write", "segments:approve", "emergency"]);
        assert!(station.command(&["token", "revoke", &id]).status.success());
        let (admin, _) = station.token("admin", &["admin"]);
        let people = &station.people;
        let mut flipped = people.approver.clone();
        let last = flipped.pop().unwrap();
        flipped.push(if last == '0' { '1' } else { '0' });
        let stolen = vec![
            ("approver", people.approver.clone()),
            ("scheduler", people.scheduler.clone()),
            ("auditor", people.auditor.clone()),
            ("operator", people.operator.clone()),
            ("admin", admin),
        ];
        let dead = vec![revoked_token, flipped, "nonsense".to_owned(), String::new()];
        let [good, second, revoked, only_priority, over, stray] = <[SigningKey; 6]>::try_from(keys).unwrap();
        let mut siege = Self {
            station,
            name: named,
            approved,
            ordered,
            siren,
            bare,
            good,
            second,
            revoked,
            only_priority,
            over,
            stray,
            stolen,
            dead,
            counter: 1_000,
        };
        let order = siege.order(&siege.ordered.clone());
        siege.bring(&order.signed(&[&siege.good]).unwrap().note.to_string()).expect(201);
        let all = [&siege.approved.id, &siege.ordered.id, &siege.bare.id];
        siege.station.programme(&json!({ "name": "Luôn luôn", "segments": all, "cron": "*/10 * * * * *" }));
        siege
    }

    /// An order that would be taken, for this recording.
    fn order(&mut self, target: &Target) -> Order {
        self.counter += 1;
        let at = now().as_second();
        Order {
            station: self.name.clone(),
            id: format!("01890a5d-ac96-774b-8cce-{:012x}", self.counter),
            counter: self.counter,
            matter: Matter::Air(Airing {
                class: "normal".to_owned(),
                segment: target.sha256.clone(),
                title: target.title.clone(),
                language: "vi".to_owned(),
                valid_from: None,
                valid_until: None,
                only: OrderFor::Any,
                nonce: None,
            }),
            not_before: at - 60,
            expires: at + 3_600,
            author: "An".to_owned(),
            approver: "Bình".to_owned(),
        }
    }

    fn bring_as(&self, token: &str, text: &[u8]) -> Answer {
        let headers = [("content-type", "text/plain")];
        self.station.with(token).send("POST", "/orders", &headers, Body::Whole(text))
    }

    fn bring(&self, text: &str) -> Answer {
        self.bring_as(&self.station.people.uploader, text.as_bytes())
    }

    /// One bad order for what lacks nothing but an order.
    fn bad_order(&mut self, dice: &mut Dice) -> (&'static str, Answer) {
        let target = self.approved.clone();
        let good = self.order(&target);
        let text = |order: &Order, keys: &[&SigningKey]| order.signed(keys).unwrap().note.to_string();
        let signed = text(&good, &[&self.good]);
        let seed = u8::try_from(100 + dice.below(100)).unwrap();
        let (what, sent) = match dice.below(15) {
            0 => ("wrong key of the name", text(&good, &[&key("huyen/good", seed)])),
            1 => ("unknown key", text(&good, &[&key("huyen/nobody", seed)])),
            2 => {
                let counter = 1 + i64::try_from(dice.below(1_001)).unwrap();
                ("replay", text(&Order { counter, ..good }, &[&self.good]))
            }
            3 => {
                let expires = good.not_before + 1 + i64::try_from(dice.below(50)).unwrap();
                ("expired", text(&Order { expires, ..good }, &[&self.good]))
            }
            4 => {
                let station = format!("loaxa/{:032x}", dice.next());
                ("other station", text(&Order { station, ..good }, &[&self.good]))
            }
            5 => {
                let mut bytes = signed.into_bytes();
                let at = dice.below(bytes.len());
                bytes[at] ^= 1 << dice.below(8);
                return ("flipped bit", self.bring_as(&self.station.people.uploader, &bytes));
            }
            6 => {
                let other = Target { sha256: format!("{:064x}", dice.next()), ..target.clone() };
                let order = self.order(&other);
                ("swapped hash", text(&order, &[&self.good]).replace(&other.sha256, &target.sha256))
            }
            7 => {
                let own = good.text().replace(
                    "approver Bình",
                    dice.one_of::<&str>(&["approver An", "approver AN", "approver  An", "approver an."]),
                );
                ("author is approver", Note::signed(own, &self.good).unwrap().to_string())
            }
            8 => ("revoked key", text(&good, &[&self.revoked])),
            9 => ("key for another class", text(&good, &[&self.only_priority])),
            10 => ("key out of its time", text(&good, &[&self.over])),
            11 => ("one key twice", text(&good, &[&self.good, &self.good])),
            12 => ("second key unknown", text(&good, &[&self.good, &key("huyen/second", seed)])),
            13 => {
                let mut mixed = good.signed(&[&self.good, &self.second]).unwrap().note;
                mixed.signatures.swap(0, 1);
                mixed.signatures.truncate(1);
                mixed.signatures[0].name = self.good.public().name().to_owned();
                ("signature under another name", mixed.to_string())
            }
            _ => {
                let length = dice.below(400);
                let bytes: Vec<u8> = (0..length).map(|_| u8::try_from(dice.below(256)).unwrap()).collect();
                return ("nonsense", self.bring_as(&self.station.people.uploader, &bytes));
            }
        };
        (what, self.bring(&sent))
    }

    /// One request that must change nothing that is heard.
    fn bad_request(&mut self, dice: &mut Dice) -> (&'static str, Answer) {
        let (approved, ordered) = (self.approved.clone(), self.ordered.clone());
        let siren = self.siren.clone();
        match dice.below(9) {
            0 => {
                // a perfect order in the hands of somebody who may not bring one
                let order = self.order(&approved);
                let text = order.signed(&[&self.good]).unwrap().note.to_string();
                ("good order, stolen token", self.bring_as(&dice.one_of(&self.stolen).1, text.as_bytes()))
            }
            1 => {
                let order = self.order(&approved);
                let text = order.signed(&[&self.good]).unwrap().note.to_string();
                ("good order, dead token", self.bring_as(dice.one_of::<String>(&self.dead), text.as_bytes()))
            }
            2 => {
                let own = self.station.with(&self.station.people.both);
                ("own approval", decide(&own, &ordered.id, "approve"))
            }
            3 => {
                let thieves: Vec<_> = self.stolen.iter().filter(|(name, _)| *name != "approver").collect();
                let client = self.station.with(&dice.one_of(&thieves).1);
                ("approval, stolen token", decide(&client, &ordered.id, "approve"))
            }
            4 => {
                let client = self.station.with(dice.one_of::<String>(&self.dead));
                ("approval, dead token", decide(&client, &ordered.id, "approve"))
            }
            5 => {
                let target = dice.one_of(&[&approved, &ordered, &siren, &self.bare]).id.clone();
                let body = json!({ "id": format!("01890a5d-ac96-774b-9cce-{:012x}", dice.next() >> 16), "segment": target,
                    "expires": (now() + SignedDuration::from_mins(10)).to_string() });
                ("emergency without an order", self.station.operator().post("/emergency", &body))
            }
            6 => {
                let thieves: Vec<_> = self.stolen.iter().filter(|(name, _)| *name != "operator").collect();
                let body = json!({ "id": format!("01890a5d-ac96-774b-acce-{:012x}", dice.next() >> 16), "segment": siren.id,
                    "expires": (now() + SignedDuration::from_mins(10)).to_string() });
                let client = self.station.with(&dice.one_of(&thieves).1);
                ("emergency, stolen token", client.post("/emergency", &body))
            }
            7 => {
                let mut order = self.order(&siren);
                if let Matter::Air(it) = &mut order.matter {
                    it.class = "emergency".to_owned();
                    it.only = OrderFor::Emergency;
                    it.nonce = Some(format!("{:032x}", dice.next()));
                }
                (
                    "emergency order, stale nonce",
                    self.bring(&order.signed(&[&self.good]).unwrap().note.to_string()),
                )
            }
            _ => {
                // an approval that is good, of what nobody ordered; and who approved once cannot do so twice
                let bare = self.bare.id.clone();
                ("approval of what has no order", decide(&self.station.approver(), &bare, "approve"))
            }
        }
    }

    /// An order that is taken, for words that differ from the recording's.
    fn stray_order(&mut self, dice: &mut Dice) -> (&'static str, Answer) {
        let mut order = self.order(&self.approved.clone());
        if let Matter::Air(it) = &mut order.matter {
            match dice.below(5) {
                0 => it.title += " khác",
                1 => it.language = "tyz".to_owned(),
                2 => it.valid_until = Some("2099-12-31".to_owned()),
                3 => it.only = OrderFor::Programme("01890a5d-ac96-774b-bcce-b302099a8051".to_owned()),
                _ => order.not_before = order.expires - 1,
            }
        }
        ("good order for something else", self.bring(&order.signed(&[&self.stray]).unwrap().note.to_string()))
    }
}

/// Frames that were heard and are not silent; the output makes no file before it has something to play.
fn noise(station: &Station) -> usize {
    if !station.home().join("heard.wav").exists() {
        return 0;
    }
    station.heard().iter().filter(|sample| **sample != 0).count()
}

/// So many bad orders, approvals and requests; then one good order, to show that it would have been heard.
fn besieged(count: usize, seed: u64) {
    let mut siege = Siege::begin();
    let mut dice = Dice(seed);
    let begun = instant();
    let mut answers: BTreeMap<&str, BTreeMap<u16, usize>> = BTreeMap::new();
    for number in 0..count {
        let (what, answer) = match number % 20 {
            0..=11 => siege.bad_order(&mut dice),
            12..=18 => siege.bad_request(&mut dice),
            _ => siege.stray_order(&mut dice),
        };
        assert!(answer.status < 500, "{what}: {} {}", answer.status, answer.text());
        let taken = ["good order for something else", "approval of what has no order"].contains(&what);
        assert!(answer.status >= 400 || taken, "{what}: {} {}", answer.status, answer.text());
        *answers.entry(what).or_default().entry(answer.status).or_default() += 1;
    }
    let took = instant().saturating_duration_since(begun);
    // everything comes due twice more after the last request
    let station = &siege.station;
    let before = station.airings("").len();
    wait_for("refused slots", Duration::from_secs(90), || {
        (station.airings("").len() >= before + 6).then_some(())
    });
    let rows = station.airings("");
    assert!(rows.iter().all(|row| row["outcome"] == "suppressed"), "{rows:?}");
    let heard = noise(station);
    assert_eq!(heard, 0, "frames that are not silent");
    eprintln!("{count} bad orders, approvals and requests in {took:?}: {heard} frames that are not silent");
    for (what, by_status) in &answers {
        eprintln!("  {what}: {by_status:?}");
    }
    assert!(answers.len() >= 20, "{answers:?}");
    // the same recording with the one word that it lacked
    let order = siege.order(&siege.approved.clone());
    siege.bring(&order.signed(&[&siege.good]).unwrap().note.to_string()).expect(201);
    let station = &siege.station;
    wait_for("the one good order to be heard", Duration::from_secs(60), || {
        (noise(station) > 0).then_some(())
    });
}

#[test]
fn no_bad_order_approval_or_request_is_heard() {
    besieged(300, 1);
}

/// The whole campaign: `cargo test -p loaxa --test station -- --ignored hostile_orders --nocapture`.
#[test]
#[ignore = "two minutes: ten thousand requests; run it with --ignored"]
fn hostile_orders() {
    besieged(10_000, 2);
}
