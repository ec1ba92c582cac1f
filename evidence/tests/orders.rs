//! Orders: one form, and no altered byte of it is taken.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

use loaxa_evidence::{Airing, KeyKind, Matter, Order, OrderFor, OrderProblem, SignedOrder, SigningKey};

const STATION: &str = "loaxa/00112233445566778899aabbccddeeff";

fn key(name: &str, seed: u8) -> SigningKey {
    SigningKey::from_seed(name, KeyKind::Note, &[seed; 32].into()).unwrap()
}

fn airing() -> Airing {
    Airing {
        class: "normal".to_owned(),
        segment: "a5".repeat(32),
        title: "Tiêm phòng đợt 2".to_owned(),
        language: "vi".to_owned(),
        valid_from: None,
        valid_until: Some("2026-12-31".to_owned()),
        only: OrderFor::Any,
        nonce: None,
    }
}

fn order() -> Order {
    Order {
        station: STATION.to_owned(),
        id: "01890a5d-ac96-774b-bcce-b302099a8057".to_owned(),
        counter: 1_796_032_800_000,
        matter: Matter::Air(airing()),
        not_before: 1_796_032_800,
        expires: 1_796_637_600,
        author: "Nguyễn Văn An".to_owned(),
        approver: "Trần Thị Bình".to_owned(),
    }
}

fn emergency() -> Order {
    let it = Airing {
        class: "emergency".to_owned(),
        only: OrderFor::Emergency,
        nonce: Some("0f".repeat(16)),
        ..airing()
    };
    Order { matter: Matter::Air(it), ..order() }
}

fn with(change: impl FnOnce(&mut Airing)) -> Order {
    let mut it = airing();
    change(&mut it);
    Order { matter: Matter::Air(it), ..order() }
}

/// The vector that stands in docs/orders.md.
#[test]
fn the_published_vector_holds() {
    let signed = order().signed(&[&key("huyen.example/an", 1), &key("huyen.example/binh", 2)]).unwrap();
    let page = include_str!("../../docs/orders.md");
    let printed = page.split("```order\n").nth(1).unwrap().split("```").next().unwrap();
    assert_eq!(signed.note.to_string(), printed);
    assert!(page.contains(&key("huyen.example/an", 1).public().to_string()));
    assert!(page.contains(&key("huyen.example/binh", 2).public().to_string()));
}

#[test]
fn an_order_is_read_as_it_is_written() {
    let one = OrderFor::Programme("01890a5d-ac96-774b-bcce-b302099a8051".to_owned());
    let other = OrderFor::Campaign("01890a5d-ac96-474b-bcce-b302099a8051".to_owned());
    let rotation = Order { matter: Matter::Key(key("huyen.example/an", 3).public().clone()), ..order() };
    for order in [order(), emergency(), with(|it| it.only = one), with(|it| it.only = other), rotation] {
        assert_eq!(Order::read(&order.text()).as_ref(), Ok(&order));
        let signed = order.signed(&[&key("huyen.example/an", 1)]).unwrap();
        assert_eq!(SignedOrder::read(&signed.note.to_string()).as_ref(), Ok(&signed));
        assert!(signed.is_signed(0, key("huyen.example/an", 1).public()));
        assert!(!signed.is_signed(0, key("huyen.example/an", 2).public()), "another key of the name");
        assert!(!signed.is_signed(0, key("huyen.example/on", 1).public()), "another name of the key");
        assert!(!signed.is_signed(1, key("huyen.example/an", 1).public()), "there is one signature");
        let cosigner =
            SigningKey::from_seed("huyen.example/an", KeyKind::Cosignature, &[1; 32].into()).unwrap();
        assert!(!signed.is_signed(0, cosigner.public()), "a key for countersignatures signs no order");
    }
}

/// Whether anything of an altered order still counts: that it can be read and both signatures are good.
fn counts(bytes: &[u8]) -> bool {
    let Some(signed) = std::str::from_utf8(bytes).ok().and_then(|text| SignedOrder::read(text).ok()) else {
        return false;
    };
    let keys = [key("huyen.example/an", 1), key("huyen.example/binh", 2)];
    signed.note.signatures.len() == keys.len()
        && keys.iter().enumerate().all(|(place, key)| signed.is_signed(place, key.public()))
}

#[test]
fn every_flipped_bit_lost_or_added_byte_and_moved_line_is_found() {
    for order in [order(), emergency()] {
        let signed = order.signed(&[&key("huyen.example/an", 1), &key("huyen.example/binh", 2)]).unwrap();
        let good = signed.note.to_string().into_bytes();
        assert!(counts(&good));
        let mut mutants = 0;
        let mut found = |bytes: &[u8], what: &str| {
            mutants += 1;
            assert!(!counts(bytes), "{what}: {}", String::from_utf8_lossy(bytes));
        };
        for at in 0..good.len() {
            for bit in 0..8 {
                let mut bytes = good.clone();
                bytes[at] ^= 1 << bit;
                found(&bytes, "a flipped bit");
            }
            let without: Vec<u8> = [&good[..at], &good[at + 1..]].concat();
            // of two bytes that are alike it does not matter which one is lost
            found(&without, "a lost byte");
            found(&good[..at], "cut off");
            for extra in [b'\n', b' ', b'0', b'a', good[at]] {
                let longer = [&good[..at], &[extra][..], &good[at..]].concat();
                found(&longer, "an added byte");
            }
        }
        for extra in ["\n", " ", "0", "\u{2014} huyen.example/an AAAAAAA=\n"] {
            found(&[&good, extra.as_bytes()].concat(), "more at the end");
        }
        let text = String::from_utf8(good).unwrap();
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        for one in 0..lines.len() {
            for other in one + 1..lines.len() {
                let mut moved = lines.clone();
                moved.swap(one, other);
                found(moved.concat().as_bytes(), "swapped lines");
            }
            let mut doubled = lines.clone();
            doubled.insert(one, lines[one]);
            found(doubled.concat().as_bytes(), "a doubled line");
        }
        assert!(mutants > 10_000, "{mutants}");
    }
}

/// Signed by the right key, and still no order.
#[test]
fn what_could_be_read_in_two_ways_is_refused_whoever_signed_it() {
    let refused = |order: &Order, why: &OrderProblem| {
        assert_eq!(Order::read(&order.text()).as_ref(), Err(why), "{}", order.text());
        assert!(order.signed(&[&key("a", 1)]).is_err());
    };
    let value = OrderProblem::Value;
    for title in
        ["", " a", "a ", "a  b", "a\tb", "a\u{202e}b", "a\u{200b}b", "a\u{a0}b", "…", &"a".repeat(1_001)]
    {
        refused(&with(|it| it.title = title.to_owned()), &value("title"));
    }
    for language in ["", "v", "vi_VN", "-vi", "vi VN", &"a".repeat(36)] {
        refused(&with(|it| it.language = language.to_owned()), &value("language"));
    }
    refused(&with(|it| it.class = "loud".to_owned()), &value("class"));
    refused(&with(|it| it.class = "emergency".to_owned()), &value("for"));
    refused(&with(|it| it.only = OrderFor::Emergency), &value("for"));
    refused(&with(|it| it.only = OrderFor::Programme("x".to_owned())), &value("for"));
    refused(&with(|it| it.nonce = Some("0f".repeat(16))), &value("nonce"));
    refused(&with(|it| it.segment = "A5".repeat(32)), &value("segment"));
    refused(&with(|it| it.valid_from = Some("always".to_owned())), &value("valid-from"));
    let mut stale = emergency();
    if let Matter::Air(it) = &mut stale.matter {
        it.nonce = None;
    }
    refused(&stale, &value("nonce"));
    for counter in [0, -1, i64::MIN] {
        refused(&Order { counter, ..order() }, &value("counter"));
    }
    for id in ["", "01890a5d-ac96-474b-bcce-b302099a8057", "01890A5D-ac96-774b-bcce-b302099a8057"] {
        refused(&Order { id: id.to_owned(), ..order() }, &value("id"));
    }
    for station in ["", "loaxa/", "loaxa/xyz", "other/00112233445566778899aabbccddeeff"] {
        refused(&Order { station: station.to_owned(), ..order() }, &value("station"));
    }
    refused(&Order { expires: order().not_before, ..order() }, &OrderProblem::Expiry);
    for approver in ["Nguyễn Văn An", "nguyễn văn an", "NGUYỄN VĂN AN", "Nguyễn Văn An.", "Nguyễn-Văn-An"]
    {
        refused(&Order { approver: approver.to_owned(), ..order() }, &OrderProblem::OwnApproval);
    }
    let cosigner = SigningKey::from_seed("a", KeyKind::Cosignature, &[1; 32].into()).unwrap();
    refused(&Order { matter: Matter::Key(cosigner.public().clone()), ..order() }, &value("new-key"));
    for (from, to) in
        [("counter 1796032800000", "counter 01796032800000"), ("counter 1", "counter +1"), ("T10:", "T10 ")]
    {
        assert!(Order::read(&order().text().replacen(from, to, 1)).is_err(), "{to}");
    }
    for (from, to) in [("nonce -\n", ""), ("nonce -\n", "nonce -\nmore -\n"), ("\n", "\r\n"), ("air", "rest")]
    {
        assert!(Order::read(&order().text().replace(from, to)).is_err(), "{to:?}");
    }
    let one = key("a", 1);
    assert_eq!(order().signed(&[]).err(), Some(OrderProblem::Signatures));
    assert_eq!(order().signed(&[&one, &one, &one]).err(), Some(OrderProblem::Signatures));
    assert_eq!(SignedOrder::read(&"a".repeat(9_000)), Err(OrderProblem::TooLong));
}
