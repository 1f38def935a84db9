// fault_layer: sits between LMDB and the disk (LD_PRELOAD), for the tests in tests/crash.
//
// It watches one file, data.mdb in the directory CLARION_FAULT_DIR. Writes go through, since LMDB
// reads its file through a shared map; what it adds:
//
// * a journal (CLARION_FAULT_JOURNAL), from which tests/crash/power_cut.py makes the file as a
//   power cut may leave it. Records: one byte kind, u64 offset, u32 length, then the bytes; numbers
//   as the machine has them. W: written, in the page cache. D: written through a descriptor opened
//   with O_DSYNC or O_SYNC, which LMDB uses for its header pages: on disk by itself. T: cut or
//   lengthened to `offset`. S: synced, all before it is on disk. A record is complete before what
//   it tells of can be acknowledged to anybody, so a kill at any moment leaves a true journal,
//   whose last record may be cut off.
// * faults, from a control file (CLARION_FAULT_CONTROL) that is mapped, so that a test changes them
//   at any time: struct Control.
//
// With MDB_WRITEMAP nothing would be written here at all; the tests see to it that something is.
// LMDB's writer is one thread, so nothing is written while a sync is under way. Threads: any; the
// journal has a mutex. It uses nothing of the server's, and no C++ library at run time.
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

namespace {

/// What the test writes there; the counters are the layer's.
struct Control {
    uint32_t sync_delay_us;  // each sync, and each write that syncs itself, takes this much longer
    int32_t write_errno;     // not 0: writes of data fail so
    int32_t sync_errno;      // not 0: syncs fail so
    int32_t header_errno;    // not 0: writes that sync themselves fail so
    int32_t open_errno;      // not 0: opening for writing fails so (EROFS)
    uint32_t writes, syncs;  // seen
};

enum Kind : uint8_t { not_ours = 0, plain, synchronous };
constexpr int max_descriptors = 4096;

volatile uint8_t kinds[max_descriptors];
char watched[4096];
int journal = -1;
Control none{};
volatile Control* control = &none;
pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

template <class Function>
Function* real(const char* name) {
    return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

using Open = int(const char*, int, ...);
using Pwrite = ssize_t(int, const void*, size_t, off_t);
using Write = ssize_t(int, const void*, size_t);
using Writev = ssize_t(int, const iovec*, int);
using Pwritev = ssize_t(int, const iovec*, int, off_t);
using Sync = int(int);
using Truncate = int(int, off_t);

/// Once, before the first call of any.
void begin() {
    static bool begun = false;
    if (begun) return;
    begun = true;
    if (const char* directory = getenv("CLARION_FAULT_DIR")) {
        strncpy(watched, directory, sizeof watched - 16);
        strcat(watched, "/data.mdb");
    }
    const auto open_file = real<Open>("open");
    if (const char* path = getenv("CLARION_FAULT_JOURNAL"))
        journal = open_file(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (const char* path = getenv("CLARION_FAULT_CONTROL")) {
        const int fd = open_file(path, O_RDWR | O_CLOEXEC);
        void* const map =
            fd < 0 ? MAP_FAILED
                   : mmap(nullptr, sizeof(Control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (map != MAP_FAILED) control = static_cast<Control*>(map);
        if (fd >= 0) close(fd);
    }
}

__attribute__((constructor)) void at_load() { begin(); }

Kind kind_of(int fd) {
    return fd >= 0 && fd < max_descriptors ? static_cast<Kind>(kinds[fd]) : not_ours;
}

void add_record(char kind, uint64_t offset, const iovec* parts, int count, size_t length) {
    if (journal < 0) return;
    char header[13];
    const auto size = static_cast<uint32_t>(length);
    header[0] = kind;
    memcpy(header + 1, &offset, 8);
    memcpy(header + 9, &size, 4);
    iovec all[68];
    all[0] = {header, sizeof header};
    int used = 1;
    for (int i = 0; i < count && length > 0 && used < 68; ++i) {
        all[used] = parts[i];
        if (all[used].iov_len > length) all[used].iov_len = length;
        length -= all[used++].iov_len;
    }
    static const auto write_parts = real<Writev>("writev");
    pthread_mutex_lock(&mutex);
    if (write_parts(journal, all, used) < 0) abort();  // a journal with a hole would lie
    pthread_mutex_unlock(&mutex);
}

void delay() {
    const uint32_t us = control->sync_delay_us;
    if (us == 0) return;
    const timespec time{static_cast<time_t>(us / 1000000), static_cast<long>(us % 1000000) * 1000};
    nanosleep(&time, nullptr);
}

bool fails(int error) {
    if (error == 0) return false;
    errno = error;
    return true;
}

size_t total(const iovec* parts, int count) {
    size_t sum = 0;
    for (int i = 0; i < count; ++i) sum += parts[i].iov_len;
    return sum;
}

/// Around any write: `write` does it. The record comes first: what follows a write, anywhere, may
/// rely on it.
template <class Do>
ssize_t watched_write(Kind kind, const iovec* parts, int count, off_t offset, Do write) {
    control->writes = control->writes + 1;
    if (fails(kind == synchronous ? control->header_errno : control->write_errno)) return -1;
    if (kind == synchronous) delay();
    add_record(kind == synchronous ? 'D' : 'W', static_cast<uint64_t>(offset), parts, count,
               total(parts, count));
    return write();
}

int watched_sync(int (*sync)(int), int fd) {
    if (kind_of(fd) == not_ours) return sync(fd);
    control->syncs = control->syncs + 1;
    delay();
    if (fails(control->sync_errno)) return -1;
    const int result = sync(fd);
    if (result == 0) add_record('S', 0, nullptr, 0, 0);
    return result;
}

void note_open(const char* path, int flags, int fd) {
    if (fd < 0 || fd >= max_descriptors) return;
    kinds[fd] = not_ours;
    if (watched[0] == 0 || strcmp(path, watched) != 0 || (flags & O_ACCMODE) == O_RDONLY) return;
    kinds[fd] = (flags & (O_DSYNC | O_SYNC)) != 0 ? synchronous : plain;
}

bool refuses(const char* path, int flags) {
    return watched[0] != 0 && strcmp(path, watched) == 0 && (flags & O_ACCMODE) != O_RDONLY &&
           fails(control->open_errno);
}

mode_t mode_of(int flags, va_list rest) {
    return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;
}

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
    begin();
    va_list rest;
    va_start(rest, flags);
    const mode_t mode = mode_of(flags, rest);
    va_end(rest);
    if (refuses(path, flags)) return -1;
    static const auto next = real<Open>("open");
    const int fd = next(path, flags, mode);
    note_open(path, flags, fd);
    return fd;
}

int open64(const char* path, int flags, ...) {
    begin();
    va_list rest;
    va_start(rest, flags);
    const mode_t mode = mode_of(flags, rest);
    va_end(rest);
    if (refuses(path, flags)) return -1;
    static const auto next = real<Open>("open64");
    const int fd = next(path, flags, mode);
    note_open(path, flags, fd);
    return fd;
}

int openat(int directory, const char* path, int flags, ...) {
    begin();
    va_list rest;
    va_start(rest, flags);
    const mode_t mode = mode_of(flags, rest);
    va_end(rest);
    if (refuses(path, flags)) return -1;
    static const auto next = real<int(int, const char*, int, ...)>("openat");
    const int fd = next(directory, path, flags, mode);
    note_open(path, flags, fd);
    return fd;
}

int close(int fd) {
    if (fd >= 0 && fd < max_descriptors) kinds[fd] = not_ours;
    static const auto next = real<Sync>("close");
    return next(fd);
}

ssize_t pwrite(int fd, const void* bytes, size_t size, off_t offset) {
    static const auto next = real<Pwrite>("pwrite");
    const Kind kind = kind_of(fd);
    if (kind == not_ours) return next(fd, bytes, size, offset);
    const iovec part{const_cast<void*>(bytes), size};
    return watched_write(kind, &part, 1, offset, [&] { return next(fd, bytes, size, offset); });
}

ssize_t pwrite64(int fd, const void* bytes, size_t size, off64_t offset) {
    return pwrite(fd, bytes, size, offset);
}

ssize_t pwritev(int fd, const iovec* parts, int count, off_t offset) {
    static const auto next = real<Pwritev>("pwritev");
    const Kind kind = kind_of(fd);
    if (kind == not_ours) return next(fd, parts, count, offset);
    return watched_write(kind, parts, count, offset,
                         [&] { return next(fd, parts, count, offset); });
}

ssize_t pwritev64(int fd, const iovec* parts, int count, off64_t offset) {
    return pwritev(fd, parts, count, offset);
}

ssize_t write(int fd, const void* bytes, size_t size) {
    static const auto next = real<Write>("write");
    const Kind kind = kind_of(fd);
    if (kind == not_ours) return next(fd, bytes, size);
    const iovec part{const_cast<void*>(bytes), size};
    return watched_write(kind, &part, 1, lseek(fd, 0, SEEK_CUR),
                         [&] { return next(fd, bytes, size); });
}

ssize_t writev(int fd, const iovec* parts, int count) {
    static const auto next = real<Writev>("writev");
    const Kind kind = kind_of(fd);
    if (kind == not_ours) return next(fd, parts, count);
    return watched_write(kind, parts, count, lseek(fd, 0, SEEK_CUR),
                         [&] { return next(fd, parts, count); });
}

int fsync(int fd) {
    static const auto next = real<Sync>("fsync");
    return watched_sync(next, fd);
}

int fdatasync(int fd) {
    static const auto next = real<Sync>("fdatasync");
    return watched_sync(next, fd);
}

int ftruncate(int fd, off_t size) {
    static const auto next = real<Truncate>("ftruncate");
    if (kind_of(fd) == not_ours) return next(fd, size);
    if (fails(control->write_errno)) return -1;
    add_record('T', static_cast<uint64_t>(size), nullptr, 0, 0);
    return next(fd, size);
}

int ftruncate64(int fd, off64_t size) { return ftruncate(fd, size); }

}  // extern "C"
