//! The demo's material passes the station's own inspection.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

mod support;

use loaxa_audio::inspect::inspect_file;
use loaxa_audio::synth;
use support::request;

#[test]
fn all_of_it_is_accepted_without_a_remark() {
    let dir = tempfile::tempdir().unwrap();
    let check = |name: &str, make: &dyn Fn(&std::path::Path) -> std::io::Result<()>, seconds: f64| {
        let path = dir.path().join(name);
        make(&path)
            .unwrap_or_else(|error| panic!("{name}: {error}; speech needs: apt-get install espeak-ng"));
        let report = inspect_file(&request(&path, 48_000)).unwrap();
        assert!(report.warnings.is_empty(), "{name}: {:?}", report.warnings);
        let found = report.duration().as_secs_f64();
        assert!((found - seconds).abs() < 0.001 || (seconds == 0.0 && found > 1.0), "{name}: {found} s");
    };
    check("chime.wav", &|path| synth::chime(path, 44_100), 2.5);
    check("rising.wav", &|path| synth::rising_chime(path, 48_000), 2.5);
    check("melody.wav", &|path| synth::melody(path, 48_000, 10.0, 1), 10.0);
    check(
        "speech.wav",
        &|path| synth::speak("Đây là đài truyền thanh xã. Xin kính chào đồng bào.", path),
        0.0,
    );
}
