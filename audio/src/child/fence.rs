//! What a child gives up before it looks into the original: Landlock and a filter of system calls, each where the kernel
//! has it. Neither can be taken back.

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, LandlockStatus, Ruleset, RulesetAttr,
    RulesetCreated, RulesetCreatedAttr, RulesetError, RulesetStatus, Scope, path_beneath_rules,
};
use std::path::PathBuf;

use super::{ChildLimits, Confinement};

/// The newest version of Landlock that is asked for; an older kernel gives what it has.
const LANDLOCK: ABI = ABI::V6;
/// From this version on it knows networks.
const LANDLOCK_WITH_NETWORK: u32 = 4;

/// Confines this process, for ever, to what it has open. To be called with one thread, before untrusted bytes are read.
///
/// # Errors
/// When the limits cannot be set: they exist everywhere, and without them a bomb takes the station along.
pub(super) fn confine(limits: &ChildLimits) -> rustix::io::Result<Confinement> {
    // The order counts: the limits are system calls that the filter no longer lets through.
    limits.set()?;
    let landlock = forbid_files(Ok);
    let system_calls = calls::filter();
    Ok(Confinement {
        landlock,
        system_calls,
        no_network: system_calls || landlock.is_some_and(|abi| abi >= LANDLOCK_WITH_NETWORK),
        limits: true,
    })
}

/// Confines this process, for ever, to starting one of `programs` and reading what lies in `folders`: nothing is written,
/// no network reached, no process outside signalled. What the kernel lacks is done without.
pub(crate) fn confine_program(programs: &[PathBuf], folders: &[PathBuf]) {
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    let rules = |rules: RulesetCreated| {
        let null = path_beneath_rules(["/dev/null"], read | AccessFs::WriteFile);
        rules
            .add_rules(path_beneath_rules(folders, read))?
            .add_rules(path_beneath_rules(programs, read | AccessFs::Execute))?
            .add_rules(null)
    };
    let _ = forbid_files(rules);
    let _ = calls::filter_program();
}

/// Landlock: but for what `exceptions` adds, no file can be opened, made, renamed or removed, no TCP port reached, no process
/// outside signalled. What is already open stays usable.
fn forbid_files(
    exceptions: impl FnOnce(RulesetCreated) -> Result<RulesetCreated, RulesetError>,
) -> Option<u32> {
    let status = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(LANDLOCK))
        .and_then(|rules| rules.handle_access(AccessNet::from_all(LANDLOCK)))
        .and_then(|rules| rules.scope(Scope::from_all(LANDLOCK)))
        .and_then(Ruleset::create)
        .and_then(exceptions)
        .and_then(RulesetCreated::restrict_self)
        .ok()?;
    match status.landlock {
        LandlockStatus::Available { effective_abi, .. } if status.ruleset != RulesetStatus::NotEnforced => {
            (1..=9).find(|&version| ABI::from(version) == effective_abi.min(LANDLOCK)).map(i32::unsigned_abs)
        }
        _ => None,
    }
}

/// The filter of system calls, for the processors whose numbers are known here.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod calls {
    use std::collections::BTreeMap;

    use linux_raw_sys::general as nr;
    use seccompiler::SeccompCmpArgLen::{Dword, Qword};
    use seccompiler::SeccompCmpOp::{Eq, MaskedEq};
    use seccompiler::{BpfProgram, SeccompAction, SeccompCondition, SeccompFilter, SeccompRule, TargetArch};

    /// What decoding needs: to read and write what is open, memory, time, random seeds for hash tables, and to end.
    const NEEDED: &[u32] = &[
        nr::__NR_read,
        nr::__NR_readv,
        nr::__NR_pread64,
        nr::__NR_write,
        nr::__NR_writev,
        nr::__NR_pwrite64,
        nr::__NR_lseek,
        nr::__NR_fstat,
        nr::__NR_statx,
        nr::__NR_close,
        nr::__NR_fsync,
        nr::__NR_fdatasync,
        nr::__NR_ftruncate,
        nr::__NR_brk,
        nr::__NR_munmap,
        nr::__NR_mremap,
        nr::__NR_madvise,
        nr::__NR_futex,
        nr::__NR_sched_yield,
        nr::__NR_clock_gettime,
        nr::__NR_getrandom,
        nr::__NR_getpid,
        nr::__NR_gettid,
        nr::__NR_rt_sigaction,
        nr::__NR_rt_sigprocmask,
        nr::__NR_rt_sigreturn,
        nr::__NR_sigaltstack,
        nr::__NR_restart_syscall,
        nr::__NR_exit,
        nr::__NR_exit_group,
    ];

    /// What no decoder does in passing, but whoever took one over would: it ends the child at once and shows in the
    /// refusal. All else that is not needed is answered with "not permitted", as libraries look for files and features
    /// that they can do without.
    const HOSTILE: &[u32] = &[
        nr::__NR_socket,
        nr::__NR_socketpair,
        nr::__NR_connect,
        nr::__NR_bind,
        nr::__NR_listen,
        nr::__NR_accept4,
        nr::__NR_sendto,
        nr::__NR_sendmsg,
        nr::__NR_kill,
        nr::__NR_tkill,
        nr::__NR_pidfd_open,
        nr::__NR_pidfd_getfd,
        nr::__NR_pidfd_send_signal,
        nr::__NR_ptrace,
        nr::__NR_process_vm_readv,
        nr::__NR_process_vm_writev,
        nr::__NR_unshare,
        nr::__NR_setns,
        nr::__NR_mount,
        nr::__NR_umount2,
        nr::__NR_pivot_root,
        nr::__NR_chroot,
        nr::__NR_bpf,
        nr::__NR_perf_event_open,
        nr::__NR_userfaultfd,
        nr::__NR_io_uring_setup,
        nr::__NR_keyctl,
        nr::__NR_add_key,
        nr::__NR_init_module,
        nr::__NR_finit_module,
        nr::__NR_kexec_load,
        nr::__NR_reboot,
    ];

    /// What starts programs and threads: as hostile in a decoder, needed by a program that was started to do something.
    const STARTS: &[u32] = &[
        nr::__NR_execve,
        nr::__NR_execveat,
        nr::__NR_clone,
        nr::__NR_clone3,
        #[cfg(target_arch = "x86_64")]
        nr::__NR_fork,
        #[cfg(target_arch = "x86_64")]
        nr::__NR_vfork,
    ];

    /// With these a program would leave the group of processes in which it is ended as a whole, or have memory that is
    /// counted nowhere.
    const LEAVES: &[u32] = &[nr::__NR_setsid, nr::__NR_setpgid, nr::__NR_memfd_create, nr::__NR_memfd_secret];

    /// Memory from which code could run.
    const EXECUTABLE: u64 = nr::PROT_EXEC as u64;
    const NOT_PERMITTED: u32 = 1;

    /// Whether the kernel took both filters.
    pub(super) fn filter() -> bool {
        let Ok(target) = TargetArch::try_from(std::env::consts::ARCH) else { return false };
        let Ok((hostile, needed)) = programs(target) else { return false };
        // The second filter forbids what installs filters.
        seccompiler::apply_filter_all_threads(&hostile).is_ok()
            && seccompiler::apply_filter_all_threads(&needed).is_ok()
    }

    /// Whether the kernel took the filter of a program that may start others: what reaches beyond it is not permitted to it.
    pub(super) fn filter_program() -> bool {
        let program = || -> Option<BpfProgram> {
            let target = TargetArch::try_from(std::env::consts::ARCH).ok()?;
            let calls = [HOSTILE, LEAVES].concat();
            let calls = calls.into_iter().map(|call| (i64::from(call), Vec::new())).collect();
            let refused = SeccompAction::Errno(NOT_PERMITTED);
            SeccompFilter::new(calls, SeccompAction::Allow, refused, target).ok()?.try_into().ok()
        };
        program().is_some_and(|program| seccompiler::apply_filter_all_threads(&program).is_ok())
    }

    /// Of the answers of both filters the kernel takes the stricter one.
    fn programs(target: TargetArch) -> Result<(BpfProgram, BpfProgram), seccompiler::BackendError> {
        let any = |calls: &[u32]| {
            calls.iter().map(|&call| (i64::from(call), Vec::new())).collect::<BTreeMap<_, _>>()
        };
        let only = |condition: SeccompCondition| Ok(vec![SeccompRule::new(vec![condition])?]);
        let hostile = any(&[HOSTILE, STARTS].concat());
        let hostile = SeccompFilter::new(hostile, SeccompAction::Allow, SeccompAction::KillProcess, target)?;
        let mut needed = any(NEEDED);
        for call in [nr::__NR_mmap, nr::__NR_mprotect] {
            let plain = SeccompCondition::new(2, Dword, MaskedEq(EXECUTABLE), 0)?;
            needed.insert(i64::from(call), only(plain)?);
        }
        // what is open may be opened once more; the other commands reach further
        let again = SeccompCondition::new(1, Dword, Eq, u64::from(nr::F_DUPFD_CLOEXEC))?;
        needed.insert(i64::from(nr::__NR_fcntl), only(again)?);
        // abort() is a signal to oneself
        let own = u64::from(std::process::id());
        let to_itself = SeccompCondition::new(0, Qword, Eq, own)?;
        needed.insert(i64::from(nr::__NR_tgkill), only(to_itself)?);
        let needed =
            SeccompFilter::new(needed, SeccompAction::Errno(NOT_PERMITTED), SeccompAction::Allow, target)?;
        Ok((hostile.try_into()?, needed.try_into()?))
    }
}

/// Other processors have Landlock and the limits.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
mod calls {
    pub(super) fn filter() -> bool {
        false
    }

    pub(super) fn filter_program() -> bool {
        false
    }
}
