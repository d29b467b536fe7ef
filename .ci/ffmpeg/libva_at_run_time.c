/* libva by name at run time, so that one executable runs on machines with and without it.
 *
 * FFmpeg is linked against this instead of libva. Every function is a jump through a slot; `vaGetDisplayDRM`, which
 * always comes first, loads the machine's libva and fills the slots. Without libva it says that there is no display. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>
#include <va/va.h>
#include <va/va_drm.h>

/* What libavcodec, libavfilter and libavutil leave undefined: a function that is not here fails at link time. */
#define FUNCTIONS(X) \
  X(vaBeginPicture) X(vaCreateBuffer) X(vaCreateConfig) X(vaCreateContext) X(vaCreateImage) X(vaCreateSurfaces) \
  X(vaDeriveImage) X(vaDestroyBuffer) X(vaDestroyConfig) X(vaDestroyContext) X(vaDestroyImage) X(vaDestroySurfaces) \
  X(vaEndPicture) X(vaEntrypointStr) X(vaGetConfigAttributes) X(vaGetImage) X(vaInitialize) X(vaMapBuffer) \
  X(vaMapBuffer2) X(vaMaxNumEntrypoints) X(vaMaxNumImageFormats) X(vaMaxNumProfiles) X(vaProfileStr) X(vaPutImage) \
  X(vaQueryConfigEntrypoints) X(vaQueryConfigProfiles) X(vaQueryImageFormats) X(vaQuerySurfaceAttributes) \
  X(vaQueryVendorString) X(vaRenderPicture) X(vaSetDriverName) X(vaSetErrorCallback) X(vaSetInfoCallback) \
  X(vaSyncBuffer) X(vaSyncSurface) X(vaTerminate) X(vaUnmapBuffer)

static VAStatus missing(void) { return VA_STATUS_ERROR_UNIMPLEMENTED; }
/* For functions that return a text: a status would be taken for its address. */
static const char *nameless(void) { return "unknown"; }

#if defined(__x86_64__)
#define JUMP(name) "jmp *slot_" #name "(%rip)\n"
#elif defined(__aarch64__)
#define JUMP(name) "adrp x16, slot_" #name "\nldr x16, [x16, #:lo12:slot_" #name "]\nbr x16\n"
#else
#error "no jump for this processor"
#endif
#define SLOT(name) \
  __attribute__((visibility("hidden"))) void *slot_##name = (void *)missing; \
  __asm__(".text\n.globl " #name "\n.type " #name ", %function\n" #name ":\n" JUMP(name));
FUNCTIONS(SLOT)

static VAStatus map_without_flags(VADisplay display, VABufferID buffer, void **data, uint32_t flags) {
  (void)flags;
  return vaMapBuffer(display, buffer, data);
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
static VADisplay (*get_display)(int);
static const char *(*error_text)(VAStatus);

static void load(void) {
  void *va = dlopen("libva.so.2", RTLD_NOW), *drm = dlopen("libva-drm.so.2", RTLD_NOW);
  if (!va || !drm) return;
  void *found;
#define FILL(name) if ((found = dlsym(va, #name))) slot_##name = found;
  FUNCTIONS(FILL)
  /* libva before 2.21 maps without flags, which are hints only. */
  if (!dlsym(va, "vaMapBuffer2")) slot_vaMapBuffer2 = (void *)map_without_flags;
#define NAME(name) if (slot_##name == (void *)missing) slot_##name = (void *)nameless;
  NAME(vaProfileStr) NAME(vaEntrypointStr) NAME(vaQueryVendorString)
  error_text = (const char *(*)(VAStatus))dlsym(va, "vaErrorStr");
  get_display = (VADisplay(*)(int))dlsym(drm, "vaGetDisplayDRM");
}

VADisplay vaGetDisplayDRM(int device) {
  pthread_once(&once, load);
  return get_display ? get_display(device) : NULL;
}

const char *vaErrorStr(VAStatus status) { return error_text ? error_text(status) : "libva is not there"; }
