#![allow(clippy::print_stderr, reason = "a test says why it was skipped")]

use super::*;
use std::io::ErrorKind;
use std::net::{TcpListener, TcpStream};
use std::process::Command;

fn config(text: &str) -> Config {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("loaxa.toml");
    std::fs::write(&file, text).unwrap();
    Config::read(&file).unwrap()
}

/// Runs something behind a fence, in a thread of its own; None where this kernel has none.
fn behind<T: Send + 'static>(fence: Fence, job: impl FnOnce(Held) -> T + Send + 'static) -> Option<T> {
    if !probe().files() {
        eprintln!("skipped: this kernel has no Landlock");
        return None;
    }
    Some(std::thread::spawn(move || job(fence.raise())).join().unwrap())
}

#[test]
fn nothing_outside_the_data_folder_is_written_made_or_removed() {
    let home = tempfile::tempdir().unwrap();
    let (data, outside) = (home.path().join("data"), home.path().join("outside"));
    std::fs::create_dir_all(data.join("originals")).unwrap();
    std::fs::create_dir(&outside).unwrap();
    std::fs::write(outside.join("letter"), "dear").unwrap();
    std::os::unix::fs::symlink(&outside, data.join("way-out")).unwrap();
    let fence = Fence::of(&config("[audio]\noutput = \"null\""), &data);
    behind(fence, move |held| {
        assert!(held.files(), "{held}");
        let refused = |what: std::io::Result<()>| {
            assert_eq!(what.unwrap_err().kind(), ErrorKind::PermissionDenied);
        };
        // its own
        std::fs::write(data.join("originals/a"), "sound").unwrap();
        std::fs::rename(data.join("originals/a"), data.join("b")).unwrap();
        std::fs::create_dir(data.join("c")).unwrap();
        std::fs::remove_dir(data.join("c")).unwrap();
        std::fs::remove_file(data.join("b")).unwrap();
        // somebody else's, also where a link leads there
        for folder in [&outside, &data.join("way-out"), &std::env::temp_dir()] {
            refused(std::fs::write(folder.join("planted"), "x"));
            refused(std::fs::create_dir(folder.join("planted")));
        }
        refused(std::fs::write(outside.join("letter"), "x"));
        refused(std::fs::remove_file(outside.join("letter")));
        refused(std::fs::rename(outside.join("letter"), data.join("letter")));
        refused(std::fs::read(outside.join("letter")).map(|_| ()));
        refused(std::os::unix::fs::symlink("/", outside.join("way")));
        refused(std::fs::write("/etc/loaxa-planted", "x"));
    });
}

#[test]
fn no_other_program_is_started_and_its_own_child_is() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().to_owned();
    let fence = Fence::of(&config("[audio]\noutput = \"null\""), &data);
    behind(fence, move |_| {
        for program in ["/bin/sh", "/usr/bin/env", "/usr/bin/python3"] {
            let started = Command::new(program).arg("--version").output();
            assert_eq!(started.unwrap_err().kind(), ErrorKind::PermissionDenied, "{program}");
        }
        // what it wrote itself is no program either
        std::fs::copy("/proc/self/exe", data.join("planted")).unwrap();
        assert!(Command::new(data.join("planted")).arg("--list").output().is_err());
        let own = Command::new("/proc/self/exe").args(["--list", "no-such-test"]).output().unwrap();
        assert!(own.status.success(), "{own:?}");
    });
}

#[test]
fn no_other_tcp_port_is_reached() {
    let home = tempfile::tempdir().unwrap();
    let stranger = TcpListener::bind("127.0.0.1:0").unwrap();
    let other = stranger.local_addr().unwrap();
    let mut fence = Fence::of(&config("[audio]\noutput = \"null\""), home.path());
    fence.listen = vec![0];
    behind(fence, move |held| {
        if !held.network() {
            eprintln!("skipped: {held}");
            return;
        }
        assert_eq!(TcpStream::connect(other).unwrap_err().kind(), ErrorKind::PermissionDenied);
        TcpListener::bind("127.0.0.1:0").unwrap();
        assert_eq!(TcpListener::bind("127.0.0.1:4444").unwrap_err().kind(), ErrorKind::PermissionDenied);
    });
}

#[test]
fn what_is_needed_stays_in_reach() {
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join("data")).unwrap();
    std::fs::create_dir(home.path().join("heard")).unwrap();
    let text = format!(
        "[audio]\noutput = \"capture\"\ncapture_file = {:?}\n[amplifier]\ndriver = \"modbus-rtu\"\nport = \"/dev/ttyUSB0\"\n\
         profile = \"relay-8\"\nzones = {{ a = 1 }}\n[confinement]\nalso_write = [{:?}]",
        home.path().join("heard/heard.wav"),
        home.path().join("more")
    );
    std::fs::create_dir(home.path().join("more")).unwrap();
    let fence = Fence::of(&config(&text), &home.path().join("data"));
    let place = home.path().to_owned();
    behind(fence, move |_| {
        std::fs::write(place.join("heard/heard-2.wav"), "x").unwrap();
        std::fs::write(place.join("more/x"), "x").unwrap();
        std::fs::write("/dev/null", "x").unwrap();
        assert!(jiff::tz::TimeZone::get("Europe/Lisbon").is_ok());
        std::fs::read_to_string("/proc/self/status").unwrap();
        std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
        std::fs::read_dir("/dev").unwrap();
    });
}

#[test]
fn each_configuration_has_the_devices_and_ports_that_it_names() {
    let of = |text: &str| Fence::of(&config(text), Path::new("/data"));
    let has = |list: &[PathBuf], path: &str| list.iter().any(|it| it == Path::new(path));
    let quiet = of("[audio]\noutput = \"null\"");
    assert!(!has(&quiet.devices, "/dev/snd") && !has(&quiet.devices, "/dev"), "{quiet:?}");
    assert_eq!((quiet.listen.as_slice(), quiet.connect.as_deref()), (&[8080][..], Some(&[][..])));
    assert_eq!(quiet.own, [PathBuf::from("/data")]);
    let loud = of("[audio]\noutput = \"device\"");
    assert!(has(&loud.devices, "/dev/snd"), "{loud:?}");
    let pins = of(
        "[audio]\noutput = \"null\"\n[amplifier]\ndriver = \"gpio\"\nchip = \"/dev/gpiochip0\"\nzones = { a = 1 }",
    );
    assert!(has(&pins.devices, "/dev"), "{pins:?}");
    let far = of(
        "[amplifier]\ndriver = \"modbus-tcp\"\nhost = \"192.168.1.7:502\"\nprofile = \"relay-8\"\nzones = { a = 1 }",
    );
    assert_eq!(far.connect.as_deref(), Some(&[502][..]));
    let own = of(
        "[web]\nlisten = \"0.0.0.0:8443\"\ntls = { cert_file = \"/srv/tls/a.pem\", key_file = \"/srv/tls/k.pem\" }",
    );
    assert!(has(&own.read, "/srv/tls") && own.listen == [8443], "{own:?}");
}

#[test]
fn what_holds_is_said() {
    let held = |landlock, wanted| Held { landlock, wanted }.to_string();
    assert_eq!(held(Some(6), true), "Landlock 6 holds: files and TCP ports");
    assert_eq!(held(Some(3), true), "Landlock 3 holds: files; TCP ports need Linux 6.7");
    assert!(held(None, true).contains("no Landlock"));
    assert!(held(None, false).contains("[confinement]"));
}
