//! The controller's program in a simulated chip: what it answers, and how fast it falls silent, by the chip's own cycles.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

mod firmware;

use std::fs;

use firmware::{CYCLES_PER_MS, Controller, Event, Line, POWER, SOUND, What};
use loaxa_firmware_bridge::{
    Fault,
    registers::{
        CRC_ERRORS, DARK_WITHIN_MS, FAULTS, FAULTS_CLEAR, HEARTBEAT, HEARTBEAT_LIMIT, INPUTS, MAINS,
        POWER_SETTLE, READY_WITHIN, RESET_CAUSE, SILENT_WITHIN_MS, STOP_LATCHED, SUPPLY, TEMPERATURE,
        TEMPERATURE_UNKNOWN, UPTIME_LOW, WIRED,
    },
};

const ZONES: u16 = 0b11;

/// Zones 1 and 2 are loud. Answers the place of the event that made them so.
fn make_loud(controller: &Controller, line: &mut Line) -> (usize, Event) {
    let from = controller.events().len();
    line.write(POWER_SETTLE.address, 0);
    line.coil(8, true);
    line.order(&[1, 15, 0, 0, 0, 8, 1, ZONES as u8]);
    line.coil(9, true);
    controller.wait_for(from, "sound", |event| event.outputs() == Some(POWER | SOUND | ZONES))
}

fn ms_between(from: &Event, to: &Event) -> u64 {
    to.cycle.checked_sub(from.cycle).expect("in this order") / CYCLES_PER_MS
}

/// The changes of the outputs after the `from`th event, until everything is off.
fn until_dark(controller: &Controller, from: usize) -> Vec<Event> {
    let (dark, _) = controller.wait_for(from + 1, "darkness", |event| event.outputs() == Some(0));
    let events = controller.events();
    events[from + 1..=dark].iter().filter(|event| event.outputs().is_some()).cloned().collect()
}

/// Sound went first, then zones, then power.
fn assert_reverse_order(changes: &[Event]) {
    let outputs: Vec<_> = changes.iter().map(|event| event.outputs().unwrap()).collect();
    assert_eq!(outputs.first(), Some(&(POWER | ZONES)), "{outputs:03x?}");
    assert_eq!(outputs[outputs.len() - 2..], [POWER, 0], "{outputs:03x?}");
}

fn golden(baud: u32) {
    let controller = Controller::start(baud);
    let mut line = controller.line();
    let folder = firmware::firmware_folder().with_file_name("tests").join("firmware");
    let text = fs::read_to_string(folder.join("golden_v1.txt")).unwrap();
    let mut asked = 0;
    for (number, golden) in
        text.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
    {
        let number = number + 1;
        if let Some(command) = golden.strip_prefix("@ ") {
            controller.tell(command);
            controller.let_pass(100);
            continue;
        }
        let (request, answer) = golden.split_once(" -> ").expect("request -> answer");
        asked += 1;
        if answer == "-" {
            line.send(&bytes(request));
            controller.let_pass(100);
            assert_eq!(line.heard_so_far(), [0; 0], "line {number}: {golden}");
        } else {
            let answered = line.ask(&bytes(request));
            assert_eq!(answered, bytes(answer), "line {number}: {golden}; answered {answered:02X?}");
        }
    }
    assert!(asked > 70, "only {asked} lines were asked");
    // The frames of silence that were no frames at all were counted: too short, too long, wrong sums.
    assert_eq!(line.input(CRC_ERRORS.address), 8);
}

fn bytes(hex: &str) -> Vec<u8> {
    hex.split(' ').map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect()
}

#[test]
fn what_it_answers_is_golden_at_19200() {
    golden(19_200);
}

#[test]
fn what_it_answers_is_golden_at_115200() {
    golden(115_200);
}

#[test]
fn it_starts_dark_whatever_made_it_start() {
    let controller = Controller::start(19_200);
    let mut line = controller.line();
    assert_eq!(controller.wait_for(0, "pins", |event| event.outputs().is_some()).1.what, What::Outputs(0));
    controller.let_pass(300);
    for (cause, word) in [("brown-out", 2), ("button", 4), ("quiet", 0), ("power", 1)] {
        let (at, _) = make_loud(&controller, &mut line);
        controller.tell(&format!("reset {cause}"));
        let dark = until_dark(&controller, at);
        controller.let_pass(300);
        assert_eq!(controller.outputs(), 0, "{cause}");
        // Not one relay moved between the reset and now but to let go.
        assert_eq!(dark.len(), 1, "{cause}: {dark:?}");
        assert_eq!(line.input(RESET_CAUSE.address), word, "{cause}");
        let brown_out = line.input(FAULTS.address) & Fault::BrownOut.bit() != 0;
        assert_eq!(brown_out, cause == "brown-out");
        assert_eq!(line.input(UPTIME_LOW.address), 0, "{cause}");
    }
}

#[test]
fn without_a_heartbeat_it_goes_dark_by_itself() {
    for baud in [19_200, 115_200] {
        let controller = Controller::start(baud);
        let mut line = controller.line();
        make_loud(&controller, &mut line);
        // Renewed, it stays on for longer than its limit.
        for value in 0..4 {
            controller.let_pass(1_000);
            line.write(HEARTBEAT.address, value);
        }
        assert_eq!(controller.outputs(), POWER | SOUND | ZONES);
        // The last order is one that shows at the pins, so that its instant is known.
        line.coil(9, false);
        let from = controller.events().len();
        line.coil(9, true);
        let (at, ordered) = controller.wait_for(from, "sound", |event| event.outputs().is_some());
        // Reading and settings do not renew.
        for _ in 0..3 {
            controller.let_pass(500);
            line.input(FAULTS.address);
            line.write(READY_WITHIN.address, 3_000);
        }
        let changes = until_dark(&controller, at);
        assert_reverse_order(&changes);
        let (first, last) = (&changes[0], &changes[changes.len() - 1]);
        let silent = ms_between(&ordered, first);
        assert!((2_995..=3_005).contains(&silent), "silent after {silent} ms at {baud}");
        let dark = ms_between(first, last);
        assert!(dark <= u64::from(DARK_WITHIN_MS), "dark {dark} ms after silence");
        assert_eq!(line.input(FAULTS.address), Fault::HeartbeatLost.bit());
        line.write(FAULTS_CLEAR.address, Fault::HeartbeatLost.bit());
        assert_eq!(line.input(FAULTS.address), 0);
        make_loud(&controller, &mut line);
    }
}

#[test]
fn a_pulled_line_ends_in_darkness() {
    let controller = Controller::start(19_200);
    let mut line = controller.line();
    let (at, loud) = make_loud(&controller, &mut line);
    controller.tell("cut 1");
    let changes = until_dark(&controller, at);
    let dark = ms_between(&loud, changes.last().unwrap());
    assert!((2_990..=3_000 + u64::from(DARK_WITHIN_MS)).contains(&dark), "dark after {dark} ms");
    controller.tell("cut 0");
    assert_eq!(line.input(FAULTS.address), Fault::HeartbeatLost.bit());
}

#[test]
fn the_button_silences_at_once_and_latches() {
    let controller = Controller::start(19_200);
    let mut line = controller.line();
    let (at, _) = make_loud(&controller, &mut line);
    let pressed = controller.press_stop();
    let changes = until_dark(&controller, at);
    assert_reverse_order(&changes);
    let (silent, dark) = (ms_between(&pressed, &changes[0]), ms_between(&pressed, changes.last().unwrap()));
    assert!(silent < u64::from(SILENT_WITHIN_MS), "silent after {silent} ms");
    assert!(dark <= u64::from(DARK_WITHIN_MS), "dark after {dark} ms");

    let latched = |line: &mut Line| line.input(INPUTS.address) & 1 << STOP_LATCHED.address != 0;
    let refused = |line: &mut Line| line.ask(&firmware::frame(&[1, 5, 0, 8, 0xFF, 0]))[1] == 0x85;
    controller.let_go_of_stop();
    controller.let_pass(200);
    assert!(latched(&mut line) && refused(&mut line));
    // Neither a short press, nor a supply that comes and goes, takes the latch back.
    controller.press_stop();
    controller.let_pass(1_000);
    controller.let_go_of_stop();
    controller.let_pass(100);
    assert!(latched(&mut line) && refused(&mut line));
    controller.tell("reset power");
    controller.let_pass(300);
    assert!(latched(&mut line) && refused(&mut line));
    assert_eq!(line.input(FAULTS.address), Fault::OrderedWhileStopped.bit());
    assert_eq!(controller.outputs(), 0);
    // Held for three seconds, it does; and that is kept as well.
    controller.take_stop_back();
    assert!(!latched(&mut line));
    controller.tell("reset power");
    controller.let_pass(300);
    assert!(!latched(&mut line));
    make_loud(&controller, &mut line);
}

#[test]
fn a_contact_that_flickers_is_no_press() {
    let controller = Controller::start(115_200);
    let mut line = controller.line();
    let (at, _) = make_loud(&controller, &mut line);
    for _ in 0..5 {
        controller.tell("stop flicker");
        controller.let_pass(20);
        line.write(HEARTBEAT.address, 0);
    }
    assert_eq!(
        controller.events()[at..].iter().filter_map(Event::outputs).count(),
        1,
        "{:?}",
        controller.events()
    );
}

#[test]
fn a_hung_program_ends_in_darkness_and_says_so() {
    let controller = Controller::start(19_200);
    let mut line = controller.line();
    for way in ["hang", "deaf"] {
        let (at, _) = make_loud(&controller, &mut line);
        let hung = controller.tell(way);
        let dark = ms_between(&hung, until_dark(&controller, at).last().unwrap());
        assert!(dark <= 500, "{way}: dark after {dark} ms");
        controller.let_pass(300);
        assert_eq!(controller.outputs(), 0, "{way}");
        assert_eq!(line.input(RESET_CAUSE.address), 3, "{way}");
        assert_eq!(line.input(FAULTS.address), Fault::WatchdogReset.bit(), "{way}");
    }
}

#[test]
fn noise_moves_nothing_and_is_counted() {
    let controller = Controller::start(19_200);
    let mut line = controller.line();
    let (at, _) = make_loud(&controller, &mut line);
    let before = line.input(CRC_ERRORS.address);
    controller.tell("garble 8");
    line.send(&firmware::frame(&[1, 5, 0, 9, 0, 0]));
    controller.let_pass(100);
    assert_eq!(line.heard_so_far(), [0; 0]);
    assert_eq!(line.input(CRC_ERRORS.address), before + 1);
    assert_eq!(controller.events()[at..].iter().filter_map(Event::outputs).count(), 1);
}

#[test]
fn what_it_senses_is_told_and_becomes_a_fault_only_where_it_is_wired() {
    let controller = Controller::start(115_200);
    let mut line = controller.line();
    controller.let_pass(1_300);
    let supply = line.input(SUPPLY.address);
    assert!((11_900..=12_100).contains(&supply), "{supply} mV");
    let temperature = line.input(TEMPERATURE.address);
    assert!((240..=260).contains(&temperature), "{temperature}");

    // 0.6 of 5 V is 1.36 kOhm under 10 kOhm: 78 degrees.
    for command in ["temperature 600", "supply 2500", "mains 0", "ready 1"] {
        controller.tell(command);
    }
    controller.let_pass(2_500);
    let temperature = line.input(TEMPERATURE.address);
    assert!((770..=800).contains(&temperature), "{temperature}");
    assert_eq!(line.input(INPUTS.address) & 1 << MAINS.address, 0);
    assert_eq!(line.input(FAULTS.address), 0, "nothing is wired yet");
    line.write(READY_WITHIN.address, 200);
    line.write(WIRED.address, 0x1F);
    controller.let_pass(2_500);
    let wanted = [Fault::Overheated, Fault::SupplyLow, Fault::MainsLost, Fault::StaysOn]
        .iter()
        .fold(0, |all, f| all | f.bit());
    assert_eq!(line.input(FAULTS.address), wanted);
    // A fault whose cause lasts comes back; one whose cause is gone stays away.
    for command in ["temperature 0", "supply 3243", "mains 1", "ready 0", "line 4900"] {
        controller.tell(command);
    }
    controller.let_pass(400);
    line.write(FAULTS_CLEAR.address, u16::MAX);
    assert_eq!(line.input(TEMPERATURE.address), TEMPERATURE_UNKNOWN);
    line.write(HEARTBEAT_LIMIT.address, 100);
    line.write(POWER_SETTLE.address, 0);
    line.coil(8, true);
    line.coil(0, true);
    controller.let_pass(1_500);
    assert_eq!(line.input(FAULTS.address), Fault::NotReady.bit() | Fault::LineFault.bit());
}
