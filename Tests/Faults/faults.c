// Lets one change of a file fail: a library for LD_PRELOAD, on Linux. `Scripts/fault-test` builds and uses it.
//
// Calls that change files below FAULT_UNDER are counted. The call with the number FAULT_NUMBER, from 1, fails as
// FAULT_KIND says; with other numbers the calls are only counted.
//   ENOSPC, EIO  the call has this error and no effect, but close closes, as in Linux
//   full         as ENOSPC, and so does every later call that takes space
//   EINTR        the call was interrupted; only open, write, fsync, ftruncate and close are counted
//   short        the write takes half of its bytes; only writes of two or more bytes are counted
// FAULT_LOG receives the number of counted calls and the failed one. Only the program named FAULT_PROGRAM is affected,
// not those that it starts.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { COUNT, DISK_FULL, DEVICE, STAYS_FULL, INTERRUPTED, SHORT };
static enum kind kind = COUNT;
static long number;
static atomic_long calls;
static const char *under, *report;
static char failed[PATH_MAX + 64] = "none";

static void tell(void) {
  if (!under || !report) return;
  char line[PATH_MAX + 128];
  int size = snprintf(line, sizeof line, "%ld %s\n", (long)calls, failed);
  int file = syscall(SYS_openat, AT_FDCWD, report, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return;
  if (syscall(SYS_write, file, line, size) < 0) abort();
  syscall(SYS_close, file);
}

__attribute__((constructor)) static void start(void) {
  static const char *const names[] = {"count", "ENOSPC", "EIO", "full", "EINTR", "short"};
  const char *program = getenv("FAULT_PROGRAM"), *wish = getenv("FAULT_KIND"), *at = getenv("FAULT_NUMBER");
  if (!wish || (program && strcmp(program, program_invocation_short_name))) return;
  under = getenv("FAULT_UNDER");
  report = getenv("FAULT_LOG");
  number = at ? atol(at) : 0;
  for (int k = COUNT; k <= SHORT; k++)
    if (!strcmp(wish, names[k])) kind = k;
}
__attribute__((destructor)) static void finish(void) { tell(); }

/// Whether a path is below FAULT_UNDER; relative paths are.
static int is_under(const char *path) {
  return under && path && (*path != '/' || !strncmp(path, under, strlen(under)));
}

/// Whether a descriptor is of a file below FAULT_UNDER.
static int is_file_under(int descriptor, char *path) {
  char link[64];
  if (!under) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  ssize_t size = readlink(link, path, PATH_MAX - 1);
  if (size <= 0) return 0;
  path[size] = 0;
  return *path == '/' && is_under(path);
}

enum trait { TAKES_SPACE = 1, IS_INTERRUPTIBLE = 2, IS_DIVISIBLE = 4 };

/// Counts a call.
/// - Returns: whether it fails. `errno` is the error; 0 for a short write.
static int fails(const char *call, const char *path, int traits) {
  if (kind == INTERRUPTED && !(traits & IS_INTERRUPTIBLE)) return 0;
  if (kind == SHORT && !(traits & IS_DIVISIBLE)) return 0;
  long mine = atomic_fetch_add(&calls, 1) + 1;
  if (kind == COUNT || !number || mine < number) return 0;
  if (mine > number && !(kind == STAYS_FULL && (traits & TAKES_SPACE))) return 0;
  if (mine == number) {
    snprintf(failed, sizeof failed, "%s %s", call, path);
    tell();
  }
  errno = kind == DEVICE ? EIO : kind == INTERRUPTED ? EINTR : kind == SHORT ? 0 : ENOSPC;
  return 1;
}

static int open_file(int folder, const char *path, int flags, mode_t mode) {
  if ((flags & O_CREAT) && is_under(path) && fails("open", path, TAKES_SPACE | IS_INTERRUPTIBLE)) return -1;
  return syscall(SYS_openat, folder, path, flags, mode);
}

#define MODE(flags) \
  mode_t mode = 0; \
  if ((flags) & (O_CREAT | O_TMPFILE)) { \
    va_list list; \
    va_start(list, flags); \
    mode = va_arg(list, mode_t); \
    va_end(list); \
  }
int open(const char *path, int flags, ...) { MODE(flags) return open_file(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE(flags) return open_file(AT_FDCWD, path, flags, mode); }
int openat(int folder, const char *path, int flags, ...) { MODE(flags) return open_file(folder, path, flags, mode); }
int openat64(int folder, const char *path, int flags, ...) { MODE(flags) return open_file(folder, path, flags, mode); }
int creat(const char *path, mode_t mode) { return open_file(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }

int mkstemp(char *name) {
  if (is_under(name) && fails("mkstemp", name, TAKES_SPACE | IS_INTERRUPTIBLE)) return -1;
  return ((int (*)(char *))dlsym(RTLD_NEXT, "mkstemp"))(name);
}
int mkstemp64(char *name) { return mkstemp(name); }
int mkostemp(char *name, int flags) {
  if (is_under(name) && fails("mkstemp", name, TAKES_SPACE | IS_INTERRUPTIBLE)) return -1;
  return ((int (*)(char *, int))dlsym(RTLD_NEXT, "mkostemp"))(name, flags);
}

/// Counts a write of `count` bytes.
/// - Returns: the bytes to write, or −1.
static ssize_t writable(const char *call, int descriptor, size_t count) {
  char path[PATH_MAX];
  int traits = TAKES_SPACE | IS_INTERRUPTIBLE | (count > 1 ? IS_DIVISIBLE : 0);
  if (!is_file_under(descriptor, path) || !fails(call, path, traits)) return count;
  return errno ? -1 : (ssize_t)(count / 2);
}
ssize_t write(int descriptor, const void *bytes, size_t count) {
  ssize_t size = writable("write", descriptor, count);
  return size < 0 ? -1 : syscall(SYS_write, descriptor, bytes, size);
}
ssize_t pwrite(int descriptor, const void *bytes, size_t count, off_t offset) {
  ssize_t size = writable("pwrite", descriptor, count);
  return size < 0 ? -1 : syscall(SYS_pwrite64, descriptor, bytes, size, offset);
}
ssize_t pwrite64(int descriptor, const void *bytes, size_t count, off_t offset) {
  return pwrite(descriptor, bytes, count, offset);
}
ssize_t writev(int descriptor, const struct iovec *parts, int count) {
  char path[PATH_MAX];
  if (is_file_under(descriptor, path) && fails("writev", path, TAKES_SPACE | IS_INTERRUPTIBLE)) return -1;
  return syscall(SYS_writev, descriptor, parts, count);
}

static int changes(const char *call, int descriptor, int traits) {
  char path[PATH_MAX];
  return is_file_under(descriptor, path) && fails(call, path, traits);
}
int fsync(int descriptor) {
  return changes("fsync", descriptor, TAKES_SPACE | IS_INTERRUPTIBLE) ? -1 : syscall(SYS_fsync, descriptor);
}
int fdatasync(int descriptor) {
  return changes("fdatasync", descriptor, TAKES_SPACE | IS_INTERRUPTIBLE) ? -1 : syscall(SYS_fdatasync, descriptor);
}
int ftruncate(int descriptor, off_t size) {
  return changes("ftruncate", descriptor, IS_INTERRUPTIBLE) ? -1 : syscall(SYS_ftruncate, descriptor, size);
}
int ftruncate64(int descriptor, off_t size) { return ftruncate(descriptor, size); }
int truncate(const char *path, off_t size) {
  return is_under(path) && fails("truncate", path, IS_INTERRUPTIBLE) ? -1 : syscall(SYS_truncate, path, size);
}
int truncate64(const char *path, off_t size) { return truncate(path, size); }
int fchmod(int descriptor, mode_t mode) {
  return changes("fchmod", descriptor, 0) ? -1 : syscall(SYS_fchmod, descriptor, mode);
}
int close(int descriptor) {
  char path[PATH_MAX];
  int flags = under ? fcntl(descriptor, F_GETFL) : 0, error = 0;
  // Only files that were open for writing can have an error here.
  if (under && flags >= 0 && (flags & O_ACCMODE) != O_RDONLY && is_file_under(descriptor, path) &&
      fails("close", path, IS_INTERRUPTIBLE))
    error = errno;
  int status = syscall(SYS_close, descriptor);
  if (!error) return status;
  errno = error;
  return -1;
}
int rename(const char *from, const char *to) {
  return is_under(to) && fails("rename", to, TAKES_SPACE) ? -1 : syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to);
}
int renameat(int from_folder, const char *from, int to_folder, const char *to) {
  if (is_under(to) && fails("rename", to, TAKES_SPACE)) return -1;
  return syscall(SYS_renameat, from_folder, from, to_folder, to);
}
int mkdir(const char *path, mode_t mode) {
  return is_under(path) && fails("mkdir", path, TAKES_SPACE) ? -1 : syscall(SYS_mkdirat, AT_FDCWD, path, mode);
}
int mkdirat(int folder, const char *path, mode_t mode) {
  return is_under(path) && fails("mkdir", path, TAKES_SPACE) ? -1 : syscall(SYS_mkdirat, folder, path, mode);
}
