/* File calls that fail, or end the process, at a chosen one; preloaded before libc (LD_PRELOAD).
 *
 * Python, SQLite and tantivy all reach the disk through these functions. Calls on files below one folder, the home of a
 * test, are counted. From the call `first` to the call `last` the chosen thing happens: the process is killed before the
 * call, in the middle of it (a write writes half), or after it; or the call fails with an error number.
 *
 * A disk that loses power keeps what was synced. So that a test can see what is left then, each sync copies what the file
 * holds, or which names the folder has, to the folder `shadow` (failing_calls.py rebuilds the home from it). The real
 * sync is left out: the machine of the test keeps its power. A file whose sync has failed is not copied by a later sync,
 * unless it was written to in between: the kernel has dropped what it could not write, and says so only once.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { KILL_BEFORE = 1, KILL_WITHIN = 2, KILL_AFTER = 3, FAIL = 4 };
enum { WRITES = 1, SYNCS = 2, NAMES = 4, READS = 8 };

#define MOST_POISONED 256

static struct {
    char root[PATH_MAX], shadow[PATH_MAX];
    size_t root_length;
    int trace, mode, error, kinds;
    long first, last;
} plan = {.trace = -1};

static volatile int armed;
static long calls;
static struct { ino_t inode; int is_rewritten; } poisoned[MOST_POISONED];
static int poisoned_count;
static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
static __thread int within;

#define NEXT(name) \
    static __typeof__(name) *next; \
    if (!next) next = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

/* Is a path below the root? Files that only hold locks, and SQLite's shared memory, never reach a disk. */
static int is_ours(const char *path) {
    size_t length = strlen(path);
    if (strncmp(path, plan.root, plan.root_length) || (path[plan.root_length] && path[plan.root_length] != '/')) return 0;
    if (length > 4 && !strcmp(path + length - 4, "-shm")) return 0;
    return !(length > 5 && !strcmp(path + length - 5, ".lock"));
}

static int path_of(int descriptor, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = syscall(SYS_readlinkat, AT_FDCWD, link, path, PATH_MAX - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return 1;
}

static int path_at(int folder, const char *name, char *path) {
    if (!name) return 0;
    if (name[0] == '/' || folder == AT_FDCWD) {
        snprintf(path, PATH_MAX, "%s", name);
        return 1;
    }
    char above[PATH_MAX];
    if (!path_of(folder, above)) return 0;
    return snprintf(path, PATH_MAX, "%s/%s", above, name) < PATH_MAX;
}

static void die(void) {
    syscall(SYS_kill, getpid(), SIGKILL);
    for (;;) pause();
}

static void note(const char *what, const char *path, const char *verdict) {
    char line[PATH_MAX + 128];
    int length = snprintf(line, sizeof line, "%ld %s %s %s\n", calls, verdict, what, path + plan.root_length);
    if (plan.trace >= 0) syscall(SYS_write, plan.trace, line, (size_t)length);
}

/* Count a call; what is to happen to it, 0 where nothing is. The lock is held until `left`. */
static int met(int kind, const char *what, const char *path) {
    if (!armed || within || !is_ours(path)) return -1;
    within = 1;
    pthread_mutex_lock(&one_at_a_time);
    int verdict = 0;
    if (plan.kinds & kind) {
        calls++;
        if (calls >= plan.first && calls <= plan.last) verdict = plan.mode;
        note(what, path, verdict == FAIL ? "failed" : verdict ? "killed" : "-");
    }
    if (verdict == KILL_BEFORE) die();
    return verdict;
}

static void left(int verdict) {
    if (verdict < 0) return;
    if (verdict == KILL_WITHIN || verdict == KILL_AFTER) die();
    int kept = errno;
    pthread_mutex_unlock(&one_at_a_time);
    within = 0;
    errno = kept;
}

static int refused(int verdict) {
    if (verdict != FAIL) return 0;
    errno = plan.error;
    return 1;
}

/* ---- what is on the disk for good */

static void keep(int folder, const char *name, ino_t inode) {
    char kept[PATH_MAX];
    if (snprintf(kept, sizeof kept, "%s/kept/%lu", plan.shadow, (unsigned long)inode) >= PATH_MAX) return;
    linkat(folder, name, AT_FDCWD, kept, AT_SYMLINK_FOLLOW); /* its inode's number is then not given to another file */
}

static int begun(const char *kind, ino_t inode, char *temporary, char *final) {
    if (snprintf(final, PATH_MAX, "%s/%s/%lu", plan.shadow, kind, (unsigned long)inode) >= PATH_MAX) return -1;
    if (snprintf(temporary, PATH_MAX, "%s/new", plan.shadow) >= PATH_MAX) return -1;
    return open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
}

static void keep_names(int descriptor, ino_t inode) {
    char temporary[PATH_MAX], final[PATH_MAX], line[PATH_MAX];
    int target = begun("names", inode, temporary, final);
    int folder = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *names = folder < 0 ? NULL : fdopendir(folder);
    struct dirent *entry;
    while (names && (entry = readdir(names))) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
        if (entry->d_type == DT_REG) keep(descriptor, entry->d_name, entry->d_ino);
        int length = snprintf(line, sizeof line, "%c %lu %s\n", entry->d_type == DT_DIR ? 'd' : 'f',
                              (unsigned long)entry->d_ino, entry->d_name);
        if (write(target, line, (size_t)length) != length) abort();
    }
    if (names) closedir(names);
    close(target);
    rename(temporary, final);
}

static void keep_content(int descriptor, ino_t inode) {
    char temporary[PATH_MAX], final[PATH_MAX], own[64];
    static char portion[1 << 16];
    int target = begun("content", inode, temporary, final);
    snprintf(own, sizeof own, "/proc/self/fd/%d", descriptor);
    keep(AT_FDCWD, own, inode);
    /* Never closed by us where it can be read as it is: closing any descriptor of a file gives up SQLite's locks. */
    int is_readable = (fcntl(descriptor, F_GETFL) & O_ACCMODE) != O_WRONLY;
    int source = is_readable ? descriptor : open(own, O_RDONLY | O_CLOEXEC);
    off_t at = 0;
    ssize_t got;
    while ((got = pread(source, portion, sizeof portion, at)) > 0) {
        if (write(target, portion, (size_t)got) != got) abort();
        at += got;
    }
    if (!is_readable) close(source);
    close(target);
    rename(temporary, final);
}

static int poisoned_at(ino_t inode) {
    for (int at = 0; at < poisoned_count; at++)
        if (poisoned[at].inode == inode) return at;
    return -1;
}

static void rewritten(ino_t inode) {
    int at = poisoned_at(inode);
    if (at >= 0) poisoned[at].is_rewritten = 1;
}

static void rewritten_file(int descriptor) {
    struct stat status;
    if (poisoned_count && !fstat(descriptor, &status)) rewritten(status.st_ino);
}

static void rewritten_folder_of(const char *path) {
    char folder[PATH_MAX];
    struct stat status;
    snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (!poisoned_count || !slash) return;
    *slash = 0;
    if (!stat(folder, &status)) rewritten(status.st_ino);
}

static int synced(int descriptor, int is_refused) {
    struct stat status;
    if (fstat(descriptor, &status)) return -1;
    int at = poisoned_at(status.st_ino);
    if (is_refused) {
        if (at < 0 && poisoned_count < MOST_POISONED) at = poisoned_count++;
        if (at >= 0) {
            poisoned[at].inode = status.st_ino;
            poisoned[at].is_rewritten = 0;
        }
        errno = plan.error;
        return -1;
    }
    if (plan.shadow[0] && (at < 0 || poisoned[at].is_rewritten)) {
        if (S_ISDIR(status.st_mode)) keep_names(descriptor, status.st_ino);
        else keep_content(descriptor, status.st_ino);
    }
    return 0;
}

/* ---- for the test */

void calls_arm(const char *root, const char *shadow, const char *trace, int kinds, int mode, int error, long first, long last) {
    snprintf(plan.root, sizeof plan.root, "%s", root);
    snprintf(plan.shadow, sizeof plan.shadow, "%s", shadow);
    plan.root_length = strlen(root);
    plan.trace = open(trace, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    plan.kinds = kinds;
    plan.mode = mode;
    plan.error = error;
    plan.first = first;
    plan.last = last;
    calls = 0;
    poisoned_count = 0;
    armed = 1;
}

void calls_disarm(void) { armed = 0; }

long calls_counted(void) { return calls; }

/* ---- the calls */

#define ON_FILE(kind, what, real_call, half_call)            \
    char path[PATH_MAX];                                     \
    if (!armed || within || !path_of(descriptor, path)) return real_call; \
    int verdict = met(kind, what, path);                     \
    if (verdict < 0) return real_call;                       \
    __typeof__(real_call) result = -1;                       \
    if (!refused(verdict)) {                                 \
        result = verdict == KILL_WITHIN ? half_call : real_call; \
        if ((kind) == WRITES) rewritten_file(descriptor);    \
    }                                                        \
    left(verdict);                                           \
    return result

ssize_t write(int descriptor, const void *bytes, size_t size) {
    NEXT(write);
    ON_FILE(WRITES, "write", next(descriptor, bytes, size), next(descriptor, bytes, size / 2));
}

ssize_t pwrite(int descriptor, const void *bytes, size_t size, off_t at) {
    NEXT(pwrite);
    ON_FILE(WRITES, "pwrite", next(descriptor, bytes, size, at), next(descriptor, bytes, size / 2, at));
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t size, off64_t at) {
    NEXT(pwrite64);
    ON_FILE(WRITES, "pwrite", next(descriptor, bytes, size, at), next(descriptor, bytes, size / 2, at));
}

ssize_t writev(int descriptor, const struct iovec *parts, int count) {
    NEXT(writev);
    ON_FILE(WRITES, "writev", next(descriptor, parts, count), next(descriptor, parts, (count + 1) / 2));
}

int ftruncate(int descriptor, off_t size) {
    NEXT(ftruncate);
    ON_FILE(WRITES, "truncate", next(descriptor, size), next(descriptor, size));
}

int ftruncate64(int descriptor, off64_t size) {
    NEXT(ftruncate64);
    ON_FILE(WRITES, "truncate", next(descriptor, size), next(descriptor, size));
}

ssize_t read(int descriptor, void *bytes, size_t size) {
    NEXT(read);
    if (!(plan.kinds & READS)) return next(descriptor, bytes, size);
    ON_FILE(READS, "read", next(descriptor, bytes, size), next(descriptor, bytes, size));
}

ssize_t pread64(int descriptor, void *bytes, size_t size, off64_t at) {
    NEXT(pread64);
    if (!(plan.kinds & READS)) return next(descriptor, bytes, size, at);
    ON_FILE(READS, "pread", next(descriptor, bytes, size, at), next(descriptor, bytes, size, at));
}

#define ON_SYNC(what, real_call)                              \
    char path[PATH_MAX];                                      \
    if (!armed || within || !path_of(descriptor, path)) return real_call; \
    int verdict = met(SYNCS, what, path);                     \
    if (verdict < 0) return real_call;                        \
    int result = verdict == KILL_WITHIN ? 0 : synced(descriptor, verdict == FAIL); \
    left(verdict);                                            \
    return result

int fsync(int descriptor) {
    NEXT(fsync);
    ON_SYNC("sync", next(descriptor));
}

int fdatasync(int descriptor) {
    NEXT(fdatasync);
    ON_SYNC("sync", next(descriptor));
}

#define ON_NAME(what, path, real_call)                        \
    int verdict = met(NAMES, what, path);                     \
    if (verdict < 0) return real_call;                        \
    int result = -1;                                          \
    if (!refused(verdict)) {                                  \
        result = real_call;                                   \
        rewritten_folder_of(path);                            \
    }                                                         \
    left(verdict);                                            \
    return result

int rename(const char *from, const char *to) {
    NEXT(rename);
    if (!armed || within) return next(from, to);
    if (is_ours(from)) rewritten_folder_of(from);
    ON_NAME("rename", to, next(from, to));
}

int renameat(int from_folder, const char *from, int to_folder, const char *to) {
    NEXT(renameat);
    char path[PATH_MAX];
    if (!armed || within || !path_at(to_folder, to, path)) return next(from_folder, from, to_folder, to);
    ON_NAME("rename", path, next(from_folder, from, to_folder, to));
}

int link(const char *from, const char *to) {
    NEXT(link);
    if (!armed || within) return next(from, to);
    ON_NAME("link", to, next(from, to));
}

int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags) {
    NEXT(linkat);
    char path[PATH_MAX];
    if (!armed || within || !path_at(to_folder, to, path)) return next(from_folder, from, to_folder, to, flags);
    ON_NAME("link", path, next(from_folder, from, to_folder, to, flags));
}

int unlink(const char *name) {
    NEXT(unlink);
    if (!armed || within) return next(name);
    ON_NAME("unlink", name, next(name));
}

int unlinkat(int folder, const char *name, int flags) {
    NEXT(unlinkat);
    char path[PATH_MAX];
    if (!armed || within || !path_at(folder, name, path)) return next(folder, name, flags);
    ON_NAME("unlink", path, next(folder, name, flags));
}

int rmdir(const char *name) {
    NEXT(rmdir);
    if (!armed || within) return next(name);
    ON_NAME("rmdir", name, next(name));
}

int mkdir(const char *name, mode_t mode) {
    NEXT(mkdir);
    if (!armed || within) return next(name, mode);
    ON_NAME("mkdir", name, next(name, mode));
}

/* Only where it makes a file, or empties one, does opening change anything on the disk. */
#define ON_OPEN(opened, real_call)                            \
    mode_t mode = 0;                                          \
    if ((flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE) {                      \
        va_list more;                                         \
        va_start(more, flags);                                \
        mode = (mode_t)va_arg(more, int);                     \
        va_end(more);                                         \
    }                                                         \
    if (!armed || within || !opened || !(flags & (O_CREAT | O_TRUNC))) return real_call; \
    if (faccessat(AT_FDCWD, opened, F_OK, 0) == 0 && !(flags & O_TRUNC)) return real_call; \
    ON_NAME("create", opened, real_call)

int open(const char *name, int flags, ...) {
    NEXT(open);
    ON_OPEN(name, next(name, flags, mode));
}

int open64(const char *name, int flags, ...) {
    NEXT(open64);
    ON_OPEN(name, next(name, flags, mode));
}

int openat(int folder, const char *name, int flags, ...) {
    NEXT(openat);
    char path[PATH_MAX];
    const char *opened = path_at(folder, name, path) ? path : NULL;
    ON_OPEN(opened, next(folder, name, flags, mode));
}

int openat64(int folder, const char *name, int flags, ...) {
    NEXT(openat64);
    char path[PATH_MAX];
    const char *opened = path_at(folder, name, path) ? path : NULL;
    ON_OPEN(opened, next(folder, name, flags, mode));
}
