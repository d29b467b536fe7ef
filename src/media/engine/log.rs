//! libav's log lines into `tracing`, with a limit: broken files print thousands.
use std::ffi::{CStr, c_char, c_int, c_void};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use ffmpeg_next::ffi;

use crate::clock::{Clock, SystemClock};

/// Lines passed on per second; the rest is counted.
const LINES_PER_SECOND: u32 = 20;
const LINE_BYTES: usize = 1024;

static SECOND: AtomicU64 = AtomicU64::new(0);
static LINES: AtomicU32 = AtomicU32::new(0);

#[cfg(all(target_arch = "x86_64", unix))]
type VaList = *mut ffi::__va_list_tag;
#[cfg(not(all(target_arch = "x86_64", unix)))]
type VaList = ffi::va_list;

/// Sends libav's log to `tracing` (target `libav`); nothing goes to stderr any more.
pub fn install_log() {
    // SAFETY: the callback is a plain function and may be called from any thread.
    unsafe {
        ffi::av_log_set_level(ffi::AV_LOG_WARNING);
        ffi::av_log_set_callback(Some(callback));
    }
}

unsafe extern "C" fn callback(context: *mut c_void, level: c_int, format: *const c_char, arguments: VaList) {
    // The upper bits of the level carry a colour.
    let level = level & 0xff;
    if level > ffi::AV_LOG_WARNING || !admit() {
        return;
    }
    let mut line = [0 as c_char; LINE_BYTES];
    let mut prefix: c_int = 1;
    // SAFETY: libav formats its own arguments into a buffer whose length is given, and terminates it.
    let text = unsafe {
        ffi::av_log_format_line2(
            context,
            level,
            format,
            arguments,
            line.as_mut_ptr(),
            LINE_BYTES as c_int,
            &raw mut prefix,
        );
        CStr::from_ptr(line.as_ptr()).to_string_lossy()
    };
    let text = text.trim_end();
    // Damage in a film is that file's affair, not an error of the server.
    if level <= ffi::AV_LOG_FATAL {
        tracing::warn!(target: "libav", "{text}");
    } else {
        tracing::debug!(target: "libav", "{text}");
    }
}

/// Counts the line; false once this second has had enough.
fn admit() -> bool {
    let now = SystemClock.now().as_ms() / 1000;
    if SECOND.swap(now, Ordering::Relaxed) != now {
        let dropped = LINES.swap(0, Ordering::Relaxed).saturating_sub(LINES_PER_SECOND);
        if dropped > 0 {
            tracing::debug!(target: "libav", dropped, "lines left out");
        }
    }
    LINES.fetch_add(1, Ordering::Relaxed) < LINES_PER_SECOND
}
