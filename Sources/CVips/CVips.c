#define _GNU_SOURCE  // strcasestr
#include "Work.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#if VIPS_MAJOR_VERSION == 8 && VIPS_MINOR_VERSION < 15
#include <vips/vector.h>
#endif

// libvips has one error buffer per process. Work runs under the read lock. Failed work runs again alone, under the write
// lock with a cleared buffer, to get its own message.
static pthread_rwlock_t errors = PTHREAD_RWLOCK_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int started = -1;

// Some decoders report damage only as a warning: libtiff for JPEG, fax and PackBits data. Warnings do not say whose they
// are, so work that ran beside one runs again alone. `heard` counts them; `alone` is set under the write lock.
static _Atomic unsigned heard;
static _Atomic int alone;

int has_any(const char *text, const char *const parts[]) {
  for (; *parts; parts++)
    if (strcasestr(text, *parts)) return 1;
  return 0;
}

int fail(const char *reason) {
  vips_error(NULL, "%s", reason);
  return -1;
}

// What the process lacked when libvips loaded its modules (for HEIF, JPEG XL, BMP), else CV_OK.
static cv_status lost = CV_OK;

/// Keeps warnings about metadata off the terminal, and counts those that mean damage.
static void listen(const char *domain, GLogLevelFlags level, const char *text, void *data) {
  static const char *const words[] = {"corrupt jpeg data",    "premature e",
                                      "line length mismatch", "bad code word",
                                      "uncompressed data",    "to avoid buffer overrun",
                                      "due to lack of data",  NULL};
  static const char *const memory_words[] = {"failed to map", "cannot allocate", NULL};
  if (strstr(text, "unable to load"))
    lost = strcasestr(text, "too many open files") ? CV_NO_DESCRIPTORS
           : has_any(text, memory_words)           ? CV_NO_MEMORY
                                                   : lost;
  // `read_jpeg` judges the warnings of libvips' own JPEG loader.
  if (!strncmp(text, "VipsJpeg", 8) || !has_any(text, words)) return;
  // The first one is enough.
  if (alone && !*vips_error_buffer()) vips_error(NULL, "%s", text);
  heard++;
}

static void start(void) {
  g_log_set_handler("VIPS", G_LOG_LEVEL_WARNING | G_LOG_LEVEL_INFO | G_LOG_LEVEL_MESSAGE, listen, NULL);
  g_log_set_handler("GModule", G_LOG_LEVEL_CRITICAL, listen, NULL);
  started = vips_init("stylegan");
  if (started) return;
#if VIPS_MAJOR_VERSION == 8 && VIPS_MINOR_VERSION < 15
  // These versions use liborc, which is not thread-safe (see libvips pull request 1211).
  vips_vector_set_enabled(FALSE);
#endif
  vips_concurrency_set(1);
  vips_cache_set_max(0);
  vips_cache_set_max_mem(0);
  vips_cache_set_max_files(0);
}

int cv_start(void) {
  pthread_once(&once, start);
  return started;
}

const char *cv_version(void) { return vips_version_string(); }

void cv_free(void *memory) { g_free(memory); }

/// What the process lacks, if a message of a decoder says so, else `status`.
///
/// Decoders also complain of memory where a damaged header asks for too much of it. So an allocation decides: `memory`
/// bytes are what decoding a sound image may take.
static cv_status shortage(cv_status status, const char *message, size_t memory) {
  static const char *const memory_words[] = {"out of memory",
                                             "insufficient memory",
                                             "not enough memory",
                                             "memory alloc",
                                             "allocate memory",
                                             "failed to allocate",
                                             "unable to alloc",
                                             "can't allocate",
                                             "cannot allocate",
                                             "malloc",
                                             "no space for",
                                             "cache resources",
                                             NULL};
  static const char *const thread_words[] = {"unable to create thread", "error creating thread", NULL};
  if (has_any(message, thread_words)) return CV_NO_THREADS;
  // ImageMagick reads its settings from files.
  int descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (descriptor < 0 && (errno == EMFILE || errno == ENFILE)) return CV_NO_DESCRIPTORS;
  if (descriptor >= 0) close(descriptor);
  if (!has_any(message, memory_words)) return status;
  // Where libvips itself gets no memory, it names the size.
  unsigned long named = 0;
  const char *size = strstr(message, "out of memory --- size == ");
  if (size) sscanf(size, "out of memory --- size == %luMB", &named);
  if (named << 20 > memory) memory = named << 20;
  void *probe = malloc(memory);
  // Keeps the compiler from leaving out the pair.
  __asm__ volatile("" : : "r"(probe) : "memory");
  free(probe);
  return probe ? status : CV_NO_MEMORY;
}

cv_status explain(work body, void *arguments, const size_t *memory, char **message) {
  *message = NULL;
  if (cv_start()) {
    *message = strdup("libvips did not start");
    return CV_FAILED;
  }
  pthread_rwlock_rdlock(&errors);
  unsigned before = heard;
  cv_status status = body(arguments);
  int is_clear = status == CV_OK && heard == before;
  pthread_rwlock_unlock(&errors);
  if (is_clear || status == CV_TOO_LARGE || status == CV_ANIMATED) return status;

  pthread_rwlock_wrlock(&errors);
  vips_error_clear();
  before = heard;
  alone = 1;
  status = body(arguments);
  alone = 0;
  if (status == CV_OK && heard != before) status = CV_BAD_PIXELS;
  if (status != CV_OK) {
    *message = strdup(vips_error_buffer());
    if (!*message) status = CV_NO_MEMORY;
    else if (lost != CV_OK && (status == CV_NOT_AN_IMAGE || status == CV_BAD_HEADER)) status = lost;
    else if (status != CV_NOT_AN_IMAGE) status = shortage(status, *message, *memory);
  }
  vips_error_clear();
  pthread_rwlock_unlock(&errors);
  return status;
}

int take_pixels(VipsImage *image, cv_pixels *out) {
  g_free(out->data);  // of an earlier run
  out->data = vips_image_write_to_memory(image, &out->size);
  if (!out->data) return -1;
  out->width = image->Xsize;
  out->height = image->Ysize;
  out->channels = image->Bands;
  return 0;
}
