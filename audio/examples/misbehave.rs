//! A child that does, behind its fence, what the "recording" tells it to: the tests show so what the fence holds back, and
//! with `misbehave bare FILE`, without a fence, that the deed would have succeeded. `misbehave lacking landlock …` plays the
//! child on a kernel that was built without Landlock, `lacking seccomp …` on one without filters of system calls.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example talks to a terminal")]
#![allow(clippy::disallowed_methods, reason = "it misbehaves on purpose")]

use std::fs::File;
use std::io::Read;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::net::UnixStream;
use std::process::{Command, ExitCode};

use loaxa_audio::child::{SUBCOMMAND, run_child_doing};

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    match arguments.next() {
        Some(first) if first == SUBCOMMAND => run_child_doing(arguments, obey),
        Some(first) if first == "lacking" => {
            let lacks = arguments.next().is_some_and(|what| {
                what == "landlock" && lack(LANDLOCK) || what == "seccomp" && lack(SECCOMP)
            });
            match arguments.next() {
                Some(first) if lacks && first == SUBCOMMAND => run_child_doing(arguments, obey),
                _ => ExitCode::from(2),
            }
        }
        Some(first) if first == "bare" => {
            let Some(Ok(original)) = arguments.next().map(File::open) else {
                return ExitCode::from(2);
            };
            println!("{}", obey(original));
            ExitCode::SUCCESS
        }
        _ => {
            eprintln!("misbehave bare FILE; FILE holds a deed and what it is done to");
            ExitCode::from(2)
        }
    }
}

const LANDLOCK: u32 = linux_raw_sys::general::__NR_landlock_create_ruleset;
const SECCOMP: u32 = linux_raw_sys::general::__NR_seccomp;
/// "Function not implemented", as a kernel answers to what it never heard of.
const ENOSYS: u32 = 38;

/// From now on the kernel does not know this system call.
fn lack(call: u32) -> bool {
    use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, apply_filter};
    let rules = [(i64::from(call), Vec::new())].into();
    let filter = std::env::consts::ARCH
        .try_into()
        .and_then(|target| {
            SeccompFilter::new(rules, SeccompAction::Allow, SeccompAction::Errno(ENOSYS), target)
        })
        .and_then(BpfProgram::try_from);
    filter.is_ok_and(|filter| apply_filter(&filter).is_ok())
}

/// `done`, or why not.
fn obey(mut original: File) -> String {
    let mut order = String::new();
    if let Err(error) = original.read_to_string(&mut order) {
        return format!("the order cannot be read: {error}");
    }
    let (deed, to) = order.trim().split_once(' ').unwrap_or((order.trim(), ""));
    match misbehave(deed, to) {
        Ok(()) => "done".into(),
        Err(error) => format!("refused: {error}"),
    }
}

fn misbehave(deed: &str, to: &str) -> std::io::Result<()> {
    match deed {
        "read" => File::open(to).map(drop),
        "write" => File::create(to).map(drop),
        "append" => std::fs::OpenOptions::new().append(true).open(to).map(drop),
        "remove" => std::fs::remove_file(to),
        "rename" => std::fs::rename(to, format!("{to}.moved")),
        "list" => std::fs::read_dir(to).map(drop),
        "mode" => std::fs::set_permissions(to, std::os::unix::fs::PermissionsExt::from_mode(0o777)),
        "connect" => TcpStream::connect(to).map(drop),
        "listen" => TcpListener::bind(to).map(drop),
        "send" => UdpSocket::bind("127.0.0.1:0")?.send_to(b"x", to).map(drop),
        "unix" => UnixStream::connect(to).map(drop),
        "run" => Command::new(to).status().map(drop),
        "thread" => {
            std::thread::Builder::new().spawn(|| ())?.join().map_err(|_| std::io::Error::other("died"))
        }
        "signal" => {
            let id = to.parse().ok().and_then(rustix::process::Pid::from_raw);
            let id = id.ok_or_else(|| std::io::Error::other("no process"))?;
            rustix::process::test_kill_process(id).map_err(Into::into)
        }
        "allocate" => {
            let bytes = to.parse().map_err(std::io::Error::other)?;
            std::hint::black_box(vec![1_u8; bytes]);
            Ok(())
        }
        "spin" => loop {
            std::hint::spin_loop();
        },
        "abort" => std::process::abort(),
        _ => Err(std::io::Error::other("unknown deed")),
    }
}
