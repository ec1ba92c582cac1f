/* A disk that fails: loaded before the program (LD_PRELOAD), it counts what the program asks of the files below one folder,
 * and refuses what a plan says. Only what a disk can refuse is counted: opening for writing, writing, growing, syncing,
 * renaming and removing. The inspecting child has an empty environment, and is left alone.
 *
 * The plan is a small file that the test and every process of the station share: count, first and last (exclusive) call to
 * refuse (0: none), error, how many were refused, and what the first of them was.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

struct plan {
    uint64_t count, from, to, error, refused;
    char first[216];
};

static struct plan *plan;
static char folder[PATH_MAX];
static size_t length;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void begin(void)
{
    const char *file = getenv("FAILING_DISK_PLAN"), *below = getenv("FAILING_DISK_FOLDER");
    if (!file || !below || !realpath(below, folder))
        return;
    length = strlen(folder);
    int fd = REAL(open)(file, O_RDWR | O_CLOEXEC);
    void *memory = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof *plan, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory != MAP_FAILED)
        plan = memory;
    if (fd >= 0)
        close(fd);
}

static int below(const char *path)
{
    return strncmp(path, folder, length) == 0 && (path[length] == '/' || path[length] == 0);
}

static int is_ours(int fd, char *path)
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t got = readlink(link, path, PATH_MAX - 1);
    if (got <= 0)
        return 0;
    path[got] = 0;
    return below(path);
}

/* 0: go on; 1: the first that is refused; 2: any other. */
static int refuses(const char *what, const char *path)
{
    uint64_t number = __atomic_add_fetch(&plan->count, 1, __ATOMIC_SEQ_CST);
    uint64_t from = __atomic_load_n(&plan->from, __ATOMIC_SEQ_CST), to = __atomic_load_n(&plan->to, __ATOMIC_SEQ_CST);
    if (!from || number < from || number >= to)
        return 0;
    uint64_t before = __atomic_fetch_add(&plan->refused, 1, __ATOMIC_SEQ_CST);
    if (before == 0)
        snprintf(plan->first, sizeof plan->first, "%s %s", what, path + length);
    errno = (int)plan->error;
    return before == 0 ? 1 : 2;
}

static int fd_refuses(const char *what, int fd)
{
    char path[PATH_MAX];
    int saved = errno;
    if (!plan || !is_ours(fd, path)) {
        errno = saved;
        return 0;
    }
    errno = saved;
    return refuses(what, path);
}

static int path_refuses(const char *what, const char *path)
{
    return plan && below(path) && refuses(what, path);
}

/* A disk that fills takes what fits of the first write, and nothing of the next. */
#define WRITE(name, type, parameters, arguments, shorter)                       \
    type name parameters                                                        \
    {                                                                           \
        int refused = fd_refuses(#name, fd);                                    \
        if (refused == 1 && errno == ENOSPC && count > 1) {                     \
            size_t whole = count;                                               \
            count = whole / 2;                                                  \
            return REAL(name) shorter;                                          \
        }                                                                       \
        return refused ? -1 : REAL(name) arguments;                             \
    }

WRITE(write, ssize_t, (int fd, const void *bytes, size_t count), (fd, bytes, count), (fd, bytes, count))
WRITE(pwrite, ssize_t, (int fd, const void *bytes, size_t count, off_t at), (fd, bytes, count, at), (fd, bytes, count, at))
WRITE(pwrite64, ssize_t, (int fd, const void *bytes, size_t count, off64_t at), (fd, bytes, count, at),
      (fd, bytes, count, at))

#define ON_FD(name, type, parameters, arguments)                                \
    type name parameters { return fd_refuses(#name, fd) ? -1 : REAL(name) arguments; }

ON_FD(writev, ssize_t, (int fd, const struct iovec *parts, int count), (fd, parts, count))
ON_FD(fsync, int, (int fd), (fd))
ON_FD(fdatasync, int, (int fd), (fd))
ON_FD(ftruncate, int, (int fd, off_t size), (fd, size))
ON_FD(ftruncate64, int, (int fd, off64_t size), (fd, size))

int posix_fallocate64(int fd, off64_t at, off64_t size)
{
    return fd_refuses("posix_fallocate64", fd) ? errno : REAL(posix_fallocate64)(fd, at, size);
}

ssize_t copy_file_range(int from, off64_t *from_at, int to, off64_t *to_at, size_t size, unsigned flags)
{
    return fd_refuses("copy_file_range", to) ? -1 : REAL(copy_file_range)(from, from_at, to, to_at, size, flags);
}

#define OPEN(name)                                                              \
    int name(const char *path, int flags, ...)                                  \
    {                                                                           \
        va_list rest;                                                           \
        va_start(rest, flags);                                                  \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
        va_end(rest);                                                           \
        int writes = (flags & O_ACCMODE) != O_RDONLY || flags & O_CREAT;        \
        return writes && path_refuses(#name, path) ? -1 : REAL(name)(path, flags, mode); \
    }

OPEN(open)
OPEN(open64)

int rename(const char *from, const char *to)
{
    return path_refuses("rename", to) ? -1 : REAL(rename)(from, to);
}

/* A full disk lets everything go. */
int unlink(const char *path)
{
    return plan && plan->error != ENOSPC && path_refuses("unlink", path) ? -1 : REAL(unlink)(path);
}

int mkdir(const char *path, mode_t mode)
{
    return path_refuses("mkdir", path) ? -1 : REAL(mkdir)(path, mode);
}
