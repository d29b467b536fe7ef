//! Gives memory back to the system. Pictures are large, and most of the time nobody converts anything; the C library
//! would keep what libav has freed, in one heap a thread, for as long as the process lives.

/// Allocations from this size on are the system's own and go back when they are freed.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const OWN_PAGES_BYTES: libc::c_int = 512 << 10;
/// A heap whose free end is longer than this is cut.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const SPARE_BYTES: libc::c_int = 1 << 20;

/// Fixes the C library's limits, which it raises by itself when large blocks are freed. Before any thread works.
pub fn tame_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: plain settings of the allocator.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, OWN_PAGES_BYTES);
        libc::mallopt(libc::M_TRIM_THRESHOLD, SPARE_BYTES);
    }
}

/// Returns freed memory between blocks in use. Takes milliseconds; only where the C library has a call for it.
pub fn release_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: touches only memory that is free.
    unsafe {
        libc::malloc_trim(0);
    }
}
