//! A decoder that was taken over finds nothing to reach. Each deed is done twice: without the fence, where it succeeds, and
//! behind it, where it must not.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]
#![allow(clippy::print_stderr, reason = "what the kernel lacks is reported")]

mod support;

use std::net::{TcpListener, UdpSocket};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use loaxa_audio::child::{ChildLimits, Confinement, inspect, probe};
use loaxa_audio::inspect::{InspectRefusal, RefusalCode};
use support::{example, request};

/// What became of a deed without a fence.
fn bare(order: &Path) -> String {
    let output = Command::new(example("misbehave")).arg("bare").arg(order).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// What became of it behind the fence.
fn fenced(order: &Path, limits: &ChildLimits) -> InspectRefusal {
    inspect(&example("misbehave"), &request(order, 48_000), limits).unwrap_err()
}

/// What the child says of its fence, which must be all that this kernel has.
fn confinement() -> Confinement {
    let confinement = probe(&example("misbehave")).unwrap();
    eprintln!("here: {confinement}");
    assert_eq!(confinement.landlock.is_some(), kernel_has_landlock(), "{confinement}");
    let filters = cfg!(any(target_arch = "x86_64", target_arch = "aarch64")) && kernel_has_filters();
    assert_eq!(confinement.system_calls, filters, "{confinement}");
    assert!(confinement.limits);
    confinement
}

/// Asked in a thread of its own, which is then the only one that is confined.
fn kernel_has_landlock() -> bool {
    use landlock::{ABI, Access, AccessFs, LandlockStatus, Ruleset, RulesetAttr};
    let asked = std::thread::spawn(|| {
        let rules = Ruleset::default().handle_access(AccessFs::from_all(ABI::V1)).unwrap().create().unwrap();
        rules.restrict_self().unwrap().landlock
    });
    matches!(asked.join().unwrap(), LandlockStatus::Available { .. })
}

fn kernel_has_filters() -> bool {
    std::fs::read_to_string("/proc/self/status").unwrap().contains("\nSeccomp:")
}

fn order(dir: &Path, deed: &str) -> std::path::PathBuf {
    let path = dir.join("order");
    std::fs::write(&path, deed).unwrap();
    path
}

/// Every deed is done, or would be, where nothing prevents it; behind the fence it is refused, or ends the child.
#[test]
fn nothing_outside_can_be_reached() {
    let confinement = confinement();
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).display().to_string();
    let _unix = UnixListener::bind(path("socket")).unwrap();
    let (tcp, udp) = (tcp.local_addr().unwrap(), udp.local_addr().unwrap());
    let own = std::process::id();
    // The last column: Landlock alone is enough from this version on; none: only the filter holds it back.
    for (deed, fatal, landlock) in [
        (format!("read {}", path("other")), false, Some(1)),
        ("read /etc/passwd".to_owned(), false, Some(1)),
        (format!("write {}", path("new")), false, Some(1)),
        (format!("append {}", path("other")), false, Some(1)),
        (format!("rename {}", path("other")), false, Some(1)),
        (format!("remove {}", path("other")), false, Some(1)),
        (format!("list {}", dir.path().display()), false, Some(1)),
        (format!("mode {}", path("other")), false, None),
        (format!("connect {tcp}"), true, Some(4)),
        ("listen 127.0.0.1:0".to_owned(), true, Some(4)),
        (format!("send {udp}"), true, None),
        (format!("unix {}", path("socket")), true, None),
        ("run /bin/true".to_owned(), true, Some(1)),
        ("thread".to_owned(), true, None),
        (format!("signal {own}"), true, Some(6)),
    ] {
        let order = order(dir.path(), &deed);
        let make = || std::fs::write(path("other"), "of somebody else").unwrap();
        let made = || {
            let mut names: Vec<_> =
                std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            names.sort();
            names
        };
        make();
        assert_eq!(bare(&order), "done", "{deed}: without a fence");
        let _ = std::fs::remove_file(path("new"));
        let _ = std::fs::remove_file(path("other.moved"));
        make();
        let before = made();
        let held = confinement.system_calls
            || landlock.is_some_and(|version| confinement.landlock.is_some_and(|abi| abi >= version));
        if !held {
            eprintln!("{deed}: this kernel has nothing that holds it back");
            continue;
        }
        let refusal = fenced(&order, &ChildLimits::default());
        assert!(!refusal.en.contains("done"), "{deed}: {}", refusal.en);
        if confinement.system_calls && fatal {
            assert_eq!(refusal.code, RefusalCode::InspectionCrashed, "{deed}: {}", refusal.en);
            assert!(refusal.en.contains("signal 31"), "{deed}: {}", refusal.en);
        } else {
            assert_eq!(refusal.code, RefusalCode::InspectionFailed, "{deed}: {}", refusal.en);
            assert!(refusal.en.contains("refused: "), "{deed}: {}", refusal.en);
        }
        assert_eq!(made(), before, "{deed}");
    }
}

/// On a kernel that lacks one of the two the child works all the same, says so, and the other one holds.
#[test]
fn what_the_kernel_lacks_is_done_without_and_said() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("other"), "of somebody else").unwrap();
    let deed = order(dir.path(), &format!("read {}", dir.path().join("other").display()));
    let full = confinement();
    for lacks in ["landlock", "seccomp"] {
        let exe = dir.path().join(lacks);
        let program = example("misbehave");
        std::fs::write(&exe, format!("#!/bin/sh\nexec {} lacking {lacks} \"$@\"\n", program.display()))
            .unwrap();
        std::fs::set_permissions(&exe, std::fs::Permissions::from_mode(0o755)).unwrap();
        let less = probe(&exe).unwrap();
        let expected = match lacks {
            "landlock" => Confinement { landlock: None, ..full.clone() },
            _ => Confinement { system_calls: false, no_network: full.landlock >= Some(4), ..full.clone() },
        };
        assert_eq!(less, expected, "{less}");
        assert_eq!(less.is_complete(), less.system_calls);
        if !less.system_calls && less.landlock.is_none() {
            eprintln!("without {lacks} this kernel has nothing that holds");
            continue;
        }
        let refusal = inspect(&exe, &request(&deed, 48_000), &ChildLimits::default()).unwrap_err();
        assert!(refusal.en.contains("refused: "), "without {lacks}: {}", refusal.en);
    }
}

#[test]
fn memory_and_time_run_out() {
    let dir = tempfile::tempdir().unwrap();
    let mine = order(dir.path(), "allocate 400000000");
    assert_eq!(bare(&mine), "done");
    assert_eq!(fenced(&mine, &ChildLimits::default()).code, RefusalCode::InspectionOutOfMemory);
    let less = order(dir.path(), "allocate 100000000");
    assert!(fenced(&less, &ChildLimits::default()).en.contains("done"));
    let busy = order(dir.path(), "spin");
    let limits = ChildLimits { cpu: Duration::from_secs(1), ..ChildLimits::default() };
    assert_eq!(fenced(&busy, &limits).code, RefusalCode::InspectionTimeout, "by its own limit");
    let limits = ChildLimits { wall: Duration::from_millis(300), ..ChildLimits::default() };
    assert_eq!(fenced(&busy, &limits).code, RefusalCode::InspectionTimeout, "by its parent");
}

/// The filter lets a child end as it must: a crash is told apart from what is forbidden.
#[test]
fn an_abort_is_a_crash() {
    let dir = tempfile::tempdir().unwrap();
    let refusal = fenced(&order(dir.path(), "abort"), &ChildLimits::default());
    assert_eq!(refusal.code, RefusalCode::InspectionCrashed);
    assert!(refusal.en.contains("signal 6"), "{}", refusal.en);
}

/// A FLAC of some kilobytes that holds months of silence ends at the cap, long before the disk is full.
#[test]
fn months_in_a_few_bytes_end_at_the_cap() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("months.flac");
    let flac = silence(46_000);
    assert!(flac.len() < 700_000, "{}", flac.len());
    std::fs::write(&path, flac).unwrap();
    let mut request = request(&path, 48_000);
    request.max_duration = Duration::from_secs(600);
    let limits = ChildLimits::for_original(650_000, request.max_duration, 48_000);
    let refusal = inspect(&example("inspect"), &request, &limits).unwrap_err();
    assert_eq!(refusal.code, RefusalCode::TooLong, "{}", refusal.en);
    assert!(!request.output.exists());
    // And if the cap on time were not there, the one on the file would be.
    request.max_duration = Duration::from_secs(u64::from(u32::MAX));
    request.max_output_bytes = 10_000_000;
    let refusal = inspect(&example("inspect"), &request, &limits).unwrap_err();
    assert_eq!(refusal.code, RefusalCode::TooBigToPrepare, "{}", refusal.en);
    assert!(!request.output.exists());
}

/// So many frames of 65,535 silent samples at 8 kHz, 14 or so bytes each; the header does not say how many.
fn silence(frames: u32) -> Vec<u8> {
    let mut flac = b"fLaC\x80\0\0\x22".to_vec();
    flac.extend_from_slice(&[0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0]);
    // 8,000 Hz (20 bits), one channel (3), 16 bits (5), length unknown (36)
    let packed = (8_000_u64 << 44) | (15 << 36);
    flac.extend_from_slice(&packed.to_be_bytes());
    flac.extend_from_slice(&[0; 16]);
    for number in 0..frames {
        // fixed blocks, size in 16 bits, 8 kHz, mono, 16 bits
        let mut frame = vec![0xff, 0xf8, 0x74, 0x08];
        let mut coded = [0; 4];
        frame.extend_from_slice(char::from_u32(number).unwrap_or('\0').encode_utf8(&mut coded).as_bytes());
        frame.extend_from_slice(&[0xff, 0xfe]);
        frame.push(crc(&frame, 8, 0x07) as u8);
        // a constant subframe of value 0
        frame.extend_from_slice(&[0, 0, 0]);
        let check = crc(&frame, 16, 0x8005);
        frame.extend_from_slice(&check.to_be_bytes());
        flac.extend_from_slice(&frame);
    }
    flac
}

fn crc(bytes: &[u8], bits: u32, polynomial: u16) -> u16 {
    let top = 1_u16 << (bits - 1);
    bytes.iter().fold(0_u16, |crc, &byte| {
        let crc = crc ^ (u16::from(byte) << (bits - 8));
        (0..8).fold(crc, |crc, _| if crc & top == 0 { crc << 1 } else { (crc << 1) ^ polynomial })
    }) & (u16::MAX >> (16 - bits))
}
