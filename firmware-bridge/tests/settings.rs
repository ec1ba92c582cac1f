//! `[amplifier]`: what is accepted, and what is said about the rest.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

use std::time::Duration;

use loaxa_firmware_bridge::{AmplifierSettings, BridgeError, Profile};

/// The settings, or everything that is wrong with them.
fn read(text: &str) -> Result<AmplifierSettings, String> {
    let settings: AmplifierSettings = toml::from_str(text).map_err(|error| error.to_string())?;
    let problems = settings.check();
    if problems.is_empty() { Ok(settings) } else { Err(problems.join("; ")) }
}

const CONTROLLER: &str = "driver = \"modbus-rtu\"\nport = \"/dev/ttyUSB0\"\nprofile = \"loaxa-controller\"\n";
const RELAY_8: &str = "driver = \"modbus-rtu\"\nport = \"/dev/ttyUSB0\"\nprofile = \"relay-8\"\n";
const WAVESHARE: &str =
    "driver = \"modbus-rtu\"\nport = \"/dev/ttyUSB0\"\nprofile = \"waveshare-8\"\npower_relay = 7\n";
const CUSTOM: &str =
    "driver = \"modbus-rtu\"\nport = \"/dev/ttyUSB0\"\nprofile = \"custom\"\npower_relay = 7\n";
const GPIO: &str = "driver = \"gpio\"\nchip = \"/dev/gpiochip0\"\n";

#[test]
fn what_stations_wrote_so_far_is_still_read() {
    assert_eq!(read("").unwrap(), AmplifierSettings::None);
    assert_eq!(read("driver = \"none\"\nsettle_ms = 400").unwrap(), AmplifierSettings::None);
    let AmplifierSettings::Simulated(simulated) = read("driver = \"simulated\"\nsettle_ms = 7").unwrap()
    else {
        panic!("not simulated");
    };
    assert_eq!(simulated.settle, Duration::from_millis(7));
    assert_eq!(simulated.zones, None);
}

#[test]
fn usual_values_follow_the_profile() {
    let AmplifierSettings::ModbusRtu(ours) =
        read(&format!("{CONTROLLER}zones = {{ \"thon-1\" = 1 }}")).unwrap()
    else {
        panic!("not RTU");
    };
    assert_eq!((ours.baud, ours.board.address, ours.board.profile), (19_200, 1, Profile::LoaxaController));
    assert_eq!(ours.board.dead_man, Some(Duration::from_secs(3)));
    let AmplifierSettings::ModbusRtu(board) = read(&format!("{RELAY_8}power_relay = 7")).unwrap() else {
        panic!("not RTU");
    };
    assert_eq!((board.baud, board.board.dead_man), (9_600, None));
    let settings =
        read("driver = \"modbus-tcp\"\nhost = \"[::1]:502\"\nprofile = \"relay-8\"\nzones = { a = 8 }")
            .unwrap();
    assert_eq!(settings.name(), "modbus-tcp");
    assert_eq!(settings.wired_zones().unwrap(), ["a"]);
}

#[test]
fn flash_on_is_a_dead_man_where_somebody_tried_it() {
    let eight = "zones = { a = 1, b = 2, c = 3, d = 4, e = 5, f = 6 }\nsound_relay = 8\n";
    for (start, custom) in [(WAVESHARE, ""), (CUSTOM, "custom = { flash_on = \"lc\" }\n")] {
        let text = format!("{start}{eight}{custom}");
        let AmplifierSettings::ModbusRtu(plain) = read(&text).unwrap() else { panic!("not RTU") };
        assert_eq!((plain.baud, plain.board.dead_man), (9_600, None), "none that was not asked for");
        let text = format!("{text}dead_man_ms = 3000\nflash_renews = true");
        let settings = read(&text).unwrap();
        let amplifier = settings.open().unwrap().unwrap();
        assert_eq!(amplifier.dead_man(), Some(Duration::from_secs(3)));
    }
}

#[test]
fn every_refusal_names_the_key_and_a_remedy() {
    for (start, rest, key, remedy) in [
        ("", "driver = \"telepathy\"", "driver", "write \"none\""),
        ("", "colour = 1", "colour", "expected"),
        ("", "driver = \"none\"\nport = \"/dev/ttyUSB0\"", "amplifier.port", "take it out"),
        ("", "driver = \"modbus-rtu\"", "amplifier.port", "write port"),
        ("", "driver = \"modbus-tcp\"", "amplifier.host", "write host"),
        ("", "driver = \"gpio\"", "amplifier.chip", "write chip"),
        ("", "driver = \"simulated\"\nsettle_ms = 60001", "amplifier.settle_ms", "at most 60000"),
        ("", "driver = \"modbus-rtu\"\nport = \"/dev/ttyUSB0\"", "amplifier.profile", "write profile"),
        (CONTROLLER, "host = \"a:1\"", "amplifier.host", "take it out"),
        (CONTROLLER, "baud = 12345", "amplifier.baud", "write 19200"),
        (CONTROLLER, "address = 0", "amplifier.address", "write 1"),
        (CONTROLLER, "stop_bits = 3", "amplifier.stop_bits", "write 1"),
        (CONTROLLER, "zones = { a = 9 }", "zone \"a\" has relay 9", "correct"),
        (CONTROLLER, "zones = { a = 70000 }", "has no relay 70000", "count from 1"),
        (CONTROLLER, "zones = { a = 1, b = 1 }", "both have relay 1", "each needs its own"),
        (CONTROLLER, "zones = [\"a\"]", "amplifier.zones", "write zones"),
        (CONTROLLER, "power_relay = 7", "amplifier.power_relay", "take it out"),
        (CONTROLLER, "dead_man_ms = 500", "amplifier.dead_man_ms", "write 3000"),
        (CONTROLLER, "dead_man_ms = 3050", "amplifier.dead_man_ms", "steps of 100"),
        (CONTROLLER, "answer_limit_ms = 5", "amplifier.answer_limit_ms", "write 300"),
        (CONTROLLER, "power_settle_ms = 9000", "amplifier.power_settle_ms", "at most 6000"),
        (RELAY_8, "", "nothing is wired", "give amplifier.power_relay"),
        (RELAY_8, "power_relay = 7\nsound_relay = 7", "both have relay 7", "each needs its own"),
        (RELAY_8, "power_relay = 7\ndead_man_ms = 3000", "amplifier.dead_man_ms", "take it out"),
        (RELAY_8, "power_relay = 7\nflash_renews = true", "amplifier.flash_renews", "take it out"),
        (WAVESHARE, "flash_renews = true\ndead_man_ms = 2900", "amplifier.dead_man_ms", "write 3000"),
        (WAVESHARE, "flash_renews = true\ndead_man_ms = 10100", "amplifier.dead_man_ms", "write 3000"),
        (WAVESHARE, "flash_renews = true\ndead_man_ms = 3050", "amplifier.dead_man_ms", "steps of 100"),
        (WAVESHARE, "dead_man_ms = 3000", "flash_renews", "take dead_man_ms out"),
        (
            WAVESHARE,
            "flash_renews = true\ndead_man_ms = 3000\nbaud = 1200\nzones = { a = 1, b = 2, c = 3 }",
            "4 relays",
            "higher baud",
        ),
        (CUSTOM, "dead_man_ms = 3000", "amplifier.dead_man_ms", "take it out"),
        (CUSTOM, "custom = { flash_on = \"other\" }", "flash_on", "waveshare"),
        (
            CUSTOM,
            "custom = { flash_on = \"lc\", active_low = true }",
            "amplifier.custom.flash_on",
            "take one of them out",
        ),
        (
            CUSTOM,
            "custom = { flash_on = \"lc\", first_coil = 300 }",
            "amplifier.custom.first_coil",
            "write 0",
        ),
        (RELAY_8, "power_relay = 7\ncustom = { relays = 4 }", "amplifier.custom", "take it out"),
        (GPIO, "", "nothing is wired", "give amplifier.power_line"),
        (GPIO, "power_line = 4\nstop_line = 4", "both have line 4", "each needs its own"),
        (GPIO, "power_line = 4\ndead_man_ms = 3000", "amplifier.dead_man_ms", "take it out"),
    ] {
        let error = read(&format!("{start}{rest}")).unwrap_err();
        assert!(error.contains(key) && error.contains(remedy), "{start}{rest}: {error}");
    }
}

#[test]
fn what_is_wrong_is_not_opened() {
    let settings: AmplifierSettings = toml::from_str(RELAY_8).unwrap();
    let Err(error) = settings.open() else { panic!("opened") };
    assert!(matches!(error, BridgeError::NotConfigured { .. }), "{error}");
    assert!(AmplifierSettings::None.open().unwrap().is_none());
}
