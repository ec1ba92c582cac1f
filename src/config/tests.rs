//! What a file may say, and what is said of one that is wrong.

use super::*;

fn check(text: &str) -> Result<Config> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("loaxa.toml");
    std::fs::write(&file, text).unwrap();
    Config::read(&file)
}

#[test]
fn an_empty_file_is_a_working_station() {
    let config = check("").unwrap();
    assert_eq!(config.web.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.clock.trust, Trust::Kernel);
    assert_eq!(config.amplifier.bridge.name(), "none");
}

/// Every key of the shipped example is known, whichever of them somebody uncomments.
#[test]
fn the_shipped_example_is_read() {
    let example = include_str!("../../deploy/loaxa.toml");
    check(example).unwrap();
    let keys = example.lines().filter_map(|line| {
        let key =
            line.strip_prefix('#').filter(|rest| rest.starts_with(|first: char| first.is_ascii_lowercase()));
        key.or_else(|| line.starts_with('[').then_some(line)).filter(|line| line.contains(['=', '[']))
    });
    let uncommented: Vec<&str> =
        keys.filter(|key| !key.starts_with("device") && !key.starts_with("capture_file")).collect();
    assert!(uncommented.len() > 15, "{uncommented:?}");
    toml::from_str::<Config>(&uncommented.join("\n")).unwrap();
}

#[test]
fn beyond_loopback_only_encrypted() {
    let web = |text: &str| check(&format!("[web]\n{text}")).map(|config| config.web);
    assert!(web("listen = \"127.0.0.1:80\"").unwrap().tls.is_none());
    assert_eq!(web("listen = \"0.0.0.0:8443\"\ntls = {}").unwrap().tls, Some(Tls::default()));
    let tls = web("tls = { min_version = \"1.2\", names = [\"loa-xa.lan\", \"192.168.1.20\"] }")
        .unwrap()
        .tls
        .unwrap();
    assert_eq!(tls.min_version, TlsVersion::V1_2);
    let refused = web("listen = \"192.168.1.20:8080\"").unwrap_err();
    assert!(refused.detail.contains("tls = {}"), "{}", refused.detail);
}

#[test]
fn levels_fades_and_chimes_are_read() {
    let audio = check(
        "[audio]\nvolume = { normal = -3, emergency_keeps_ceilings = true }\nfades = { cut_ms = 500 }\n\
         chime = { opening = \"synthesised\" }",
    )
    .unwrap()
    .audio;
    assert_eq!((audio.volume.normal, audio.volume.emergency), (-3.0, 0.0));
    assert!(audio.volume.emergency_keeps_ceilings);
    assert_eq!(audio.fades, FadeTimes { cut_ms: 500, resume_ms: 100 });
    assert_eq!(audio.chime, Chimes { opening: Some("synthesised".to_owned()), closing: None });
}

#[test]
fn the_amplifier_tests_itself_when_it_is_told_to() {
    let at = |text: &str| {
        check(&format!("[amplifier]\ndriver = \"simulated\"\n{text}")).unwrap().amplifier.self_test
    };
    assert_eq!(at(""), None);
    assert_eq!(at("self_test = \"off\""), None);
    assert_eq!(at("self_test = \"03:40\""), Some(jiff::civil::time(3, 40, 0, 0)));
}

#[test]
fn levels_are_brought_to_a_target_or_left_alone() {
    assert_eq!(check("").unwrap().correction(), Correction::default());
    for (text, target) in [("-16", Some(-16.0)), ("-23.5", Some(-23.5)), ("\"off\"", None)] {
        let config = check(&format!("[audio]\ntarget_lufs = {text}\ntrim_silence = true")).unwrap();
        assert_eq!(config.correction().target_lufs, target, "{text}");
        assert!(config.correction().trim_silence);
    }
}

#[test]
fn what_yielded_goes_on_as_configured() {
    let site = check("[schedule]\nafter_preemption = { normal = \"drop\" }").unwrap().site();
    assert_eq!(site.after_preemption.normal, Resumption::Drop);
    assert_eq!(site.after_preemption.priority, check("").unwrap().site().after_preemption.priority);
}

#[test]
fn every_refusal_names_the_key() {
    for (text, key) in [
        ("[station]\ntimezone = \"Asia/Hanoii\"", "station.timezone"),
        ("[station]\ncolour = \"red\"", "colour"),
        ("[web]\nlisten = \"0.0.0.0:80\"", "web.listen"),
        ("[web]\ntls = { cert_file = \"a.pem\" }", "web.tls.key_file"),
        ("[web]\ntls = { key_file = \"a.pem\" }", "web.tls.cert_file"),
        ("[web]\ntls = { min_version = \"1.1\" }", "min_version"),
        ("[web]\ntls = { names = [\"a b\"] }", "web.tls.names"),
        ("[web]\nconnections = 1", "web.connections"),
        ("[web]\nconnections_per_address = 1000", "web.connections_per_address"),
        ("[web]\nwrites_per_minute = 0", "web.writes_per_minute"),
        ("[audio]\noutput = \"capture\"", "audio.capture_file"),
        ("[audio]\noutput = \"nul\"", "output"),
        ("[audio]\nsample_rate = 4", "audio.sample_rate"),
        ("[audio]\noutput = \"null\"\ndevice = \"hw:1\"", "audio.device"),
        ("[amplifier]\ndriver = \"telepathy\"", "driver"),
        ("[amplifier]\ndriver = \"simulated\"\nsettle_ms = 60001", "amplifier.settle_ms"),
        ("[amplifier]\ndriver = \"simulated\"\nself_test = \"noon\"", "amplifier.self_test"),
        ("[amplifier]\ndriver = \"simulated\"\nself_test = 340", "amplifier.self_test"),
        ("[amplifier]\nself_test = \"03:40\"", "amplifier.self_test"),
        ("[amplifier]\ndriver = \"modbus-rtu\"", "amplifier.port"),
        ("[amplifier]\ndriver = \"simulated\"\nport = \"/dev/ttyUSB0\"", "amplifier.port"),
        ("[clock]\ntrust = \"maybe\"", "trust"),
        ("[audio]\ntarget_lufs = 3", "audio.target_lufs"),
        ("[audio]\nvolume = { priority = 3 }", "audio.volume.priority"),
        ("[audio]\nvolume = { ceiling = -90 }", "audio.volume.ceiling"),
        ("[audio]\nfades = { cut_ms = 60000 }", "audio.fades.cut_ms"),
        ("[audio]\nchime = { middle = \"synthesised\" }", "middle"),
        ("[audio]\ntarget_lufs = 99999999999", "target_lufs"),
        ("[audio]\ntarget_lufs = nan", "audio.target_lufs"),
        ("[audio]\ntarget_lufs = \"loud\"", "target_lufs"),
        ("[audio]\nmax_true_peak_dbtp = 1", "audio.max_true_peak_dbtp"),
        ("[storage]\nprepared_max_mib = 0", "storage.prepared_max_mib"),
        ("[storage]\nprepared_keep_days = 0", "storage.prepared_keep_days"),
        ("[storage]\nprepare_ahead_hours = 0", "storage.prepare_ahead_hours"),
        ("[schedule]\nafter_preemption = { normal = \"later\" }", "normal"),
        ("[schedule]\nafter_preemption = { urgent = \"drop\" }", "urgent"),
        ("[storage]\nmax_upload_mib = 0", "storage.max_upload_mib"),
        ("[orders]\npolicy = \"nobody\"", "policy"),
        ("[orders]\nsignatures = 3", "orders.signatures"),
        ("[log]\nwitnesses = [\"huyen\"]", "log.witnesses"),
        ("[log]\nkeep_days = 399", "log.keep_days"),
        ("[confinement]\nalso_write = [\"sound\"]", "confinement.also_write"),
        ("[confinement]\nseccomp = true", "seccomp"),
        (
            "[log]\nwitnesses = [\"example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k\"]",
            "log.witnesses",
        ),
    ] {
        let error = check(text).unwrap_err();
        assert_eq!(error.code, "bad_configuration");
        assert!(error.detail.contains(key), "{text}: {}", error.detail);
    }
}
