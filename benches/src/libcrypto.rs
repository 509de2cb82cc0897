//! libcrypto's own ASYNC jobs, as the peer of ours.
//!
//! `libcrypto.so.3` is loaded at run time, without headers: the declarations below are those of
//! OpenSSL's manual pages `ASYNC_start_job(3)` and `ASYNC_WAIT_CTX_new(3)`. Where the library is
//! absent, rows have no ratio, and say so.

use std::cell::Cell;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::marker::PhantomData;
use std::ptr::{self, NonNull};
use std::sync::OnceLock;
use std::time::Instant;

use libloading::Library;

use crate::failure::Failure;
use crate::measure::ns_each;

/// libcrypto's jobs on this thread, with one wait context. Neither `Send` nor `Sync`, as they are
/// the thread's. Dropping it gives the thread's pool of jobs back.
#[derive(Debug)]
pub struct Libcrypto {
    functions: &'static Functions,
    wait_ctx: NonNull<c_void>,
    _of_this_thread: PhantomData<*const ()>,
}

/// A paused job that pauses again whenever it is resumed. Ends when dropped.
#[derive(Debug)]
pub struct PausingJob<'a> {
    libcrypto: &'a Libcrypto,
    job: *mut c_void,
    stop: Box<Cell<bool>>,
}

impl Libcrypto {
    /// Loads the library, and makes this thread's pool.
    ///
    /// # Errors
    /// Why there is none. Only one can be had per thread at a time.
    pub fn load() -> Result<Self, String> {
        let functions = functions()?;
        if IS_IN_USE.get() {
            return Err("libcrypto's jobs are in use on this thread already".to_owned());
        }
        // SAFETY: the pointer comes from libcrypto, which stays loaded, and has its declared type.
        let is_capable = unsafe { (functions.is_capable)() };
        if is_capable != 1 {
            return Err("this libcrypto has no ASYNC jobs".to_owned());
        }
        // SAFETY: as above; and this thread has no pool, since nothing else here makes one.
        let is_pooled = unsafe { (functions.init_thread)(0, 0) };
        if is_pooled != 1 {
            return Err("libcrypto makes no pool of ASYNC jobs".to_owned());
        }
        // SAFETY: as above; it has no arguments, and returns null on failure.
        let wait_ctx = unsafe { (functions.wait_ctx_new)() };
        let wait_ctx = NonNull::new(wait_ctx).ok_or("libcrypto is out of memory")?;
        IS_IN_USE.set(true);
        Ok(Self {
            functions,
            wait_ctx,
            _of_this_thread: PhantomData,
        })
    }

    /// What the library calls itself, as "OpenSSL 3.0.19 27 Jan 2026".
    pub fn version(&self) -> String {
        // SAFETY: any number may be asked for; 0 is OPENSSL_VERSION.
        let text = unsafe { (self.functions.version)(0) };
        // SAFETY: for every number libcrypto gives a string that it never frees.
        let text = unsafe { CStr::from_ptr(text) };
        text.to_string_lossy().into_owned()
    }

    /// Starts and finishes `count` jobs, one after the other; says what one took, ns.
    ///
    /// # Errors
    /// One did not finish.
    pub fn start_finish_ns(&self, count: u64) -> Result<f64, Failure> {
        let begin = Instant::now();
        for _ in 0..count {
            let mut job = ptr::null_mut();
            self.run(&mut job, return_at_once, FINISH)?;
        }
        Ok(ns_each(begin, count))
    }

    /// The same with a pause in between.
    ///
    /// # Errors
    /// One did not pause, or did not finish.
    pub fn start_pause_finish_ns(&self, count: u64) -> Result<f64, Failure> {
        let begin = Instant::now();
        for _ in 0..count {
            let mut job = ptr::null_mut();
            self.run(&mut job, pause_once, PAUSE)?;
            self.run(&mut job, pause_once, FINISH)?;
        }
        Ok(ns_each(begin, count))
    }

    /// A job that pauses without end.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn pausing_job(&self) -> Result<PausingJob<'_>, Failure> {
        let stop = Box::new(Cell::new(false));
        let mut stop_at: *const Cell<bool> = &raw const *stop;
        let mut job = ptr::null_mut();
        // libcrypto copies the argument, which is the address.
        let (args, size) = ((&raw mut stop_at).cast(), size_of_val(&stop_at));
        self.run_with(&mut job, pause_until_stopped, args, size, PAUSE)?;
        Ok(PausingJob {
            libcrypto: self,
            job,
            stop,
        })
    }

    /// Pauses `count` jobs at once, calls `look`, and finishes them.
    ///
    /// # Errors
    /// One could not be started, or did not finish.
    pub fn with_paused<R>(&self, count: usize, look: impl FnOnce() -> R) -> Result<R, Failure> {
        let mut jobs = vec![ptr::null_mut(); count];
        let mut started = 0;
        let outcome = jobs.iter_mut().try_for_each(|job| {
            self.run(job, pause_once, PAUSE)?;
            started += 1;
            Ok(())
        });
        let seen = outcome.map(|()| look());
        for job in &mut jobs[..started] {
            self.run(job, pause_once, FINISH)?;
        }
        seen
    }

    /// Sets an fd in the wait context, gets all fds (first how many, then which) and clears it,
    /// `count` times; says what one took, ns.
    ///
    /// # Errors
    /// A function failed, or did not give the fd back.
    pub fn wait_ctx_cycle_ns(&self, fd: c_int, count: u64) -> Result<f64, Failure> {
        let (functions, wait_ctx) = (self.functions, self.wait_ctx.as_ptr());
        let key: *const c_void = ptr::from_ref(&KEY).cast();
        let begin = Instant::now();
        for _ in 0..count {
            let (mut found, mut fds) = (0, [-1; 4]);
            // SAFETY: the wait context lives as long as `self`, and no job is running with it; the
            // key is only compared, and a cleanup is not given.
            let set = unsafe { (functions.set_wait_fd)(wait_ctx, key, fd, ptr::null_mut(), None) };
            // SAFETY: as above; a null array asks how many.
            let counted =
                unsafe { (functions.get_all_fds)(wait_ctx, ptr::null_mut(), &raw mut found) };
            if set != 1 || counted != 1 || found > fds.len() {
                return Err(Failure::check("libcrypto did not take an fd"));
            }
            // SAFETY: as above; there is room for as many as there are.
            let got =
                unsafe { (functions.get_all_fds)(wait_ctx, fds.as_mut_ptr(), &raw mut found) };
            // SAFETY: as above.
            let cleared = unsafe { (functions.clear_fd)(wait_ctx, key) };
            if got != 1 || cleared != 1 || found != 1 || fds[0] != fd {
                return Err(Failure::check("libcrypto lost an fd of its wait context"));
            }
        }
        Ok(ns_each(begin, count))
    }

    /// How many fds were added to and deleted from the wait context since a job last resumed.
    ///
    /// # Errors
    /// The function failed.
    pub fn changed_fds(&self) -> Result<(usize, usize), Failure> {
        let (mut added, mut deleted) = (0, 0);
        // SAFETY: the wait context lives as long as `self`; null arrays ask how many.
        let succeeded = unsafe {
            (self.functions.get_changed_fds)(
                self.wait_ctx.as_ptr(),
                ptr::null_mut(),
                &raw mut added,
                ptr::null_mut(),
                &raw mut deleted,
            )
        };
        if succeeded != 1 {
            return Err(Failure::check("libcrypto does not say which fds changed"));
        }
        Ok((added, deleted))
    }

    #[inline(always)]
    fn run(&self, job: &mut *mut c_void, f: JobFn, expected: c_int) -> Result<(), Failure> {
        self.run_with(job, f, ptr::null_mut(), 0, expected)
    }

    /// Starts a job if `job` is null, else resumes it.
    #[inline(always)]
    fn run_with(
        &self,
        job: &mut *mut c_void,
        f: JobFn,
        args: *mut c_void,
        size: usize,
        expected: c_int,
    ) -> Result<(), Failure> {
        let mut returned = 0;
        // SAFETY:
        // - `*job` is null or a job that this thread started and that paused, since only this
        //   module holds jobs, and it forgets them when they finish;
        // - the wait context outlives the job, because `self` does;
        // - `args` points to `size` bytes, which are copied, and `f` takes what is in them.
        let outcome = unsafe {
            (self.functions.start_job)(
                job,
                self.wait_ctx.as_ptr(),
                &raw mut returned,
                f,
                args,
                size,
            )
        };
        if outcome == expected {
            return Ok(());
        }
        Err(Failure::check(format!(
            "libcrypto's ASYNC_start_job returned {outcome} and not {expected}"
        )))
    }
}

impl Drop for Libcrypto {
    fn drop(&mut self) {
        // SAFETY: it is freed once, and no job uses it any more: those that pause borrow `self`, and
        // are resumed by nobody once that borrow has ended.
        unsafe { (self.functions.wait_ctx_free)(self.wait_ctx.as_ptr()) };
        // SAFETY: for the same reason no job will come back to the pool that this frees.
        unsafe { (self.functions.cleanup_thread)() };
        IS_IN_USE.set(false);
    }
}

impl PausingJob<'_> {
    /// Resumes the job until it pauses again, `count` times; says what one pair took, ns.
    ///
    /// # Errors
    /// The job did not pause.
    pub fn pairs_ns(&mut self, count: u64) -> Result<f64, Failure> {
        let begin = Instant::now();
        for _ in 0..count {
            self.libcrypto
                .run(&mut self.job, pause_until_stopped, PAUSE)?;
        }
        Ok(ns_each(begin, count))
    }
}

impl Drop for PausingJob<'_> {
    fn drop(&mut self) {
        self.stop.set(true);
        // A job that does not finish stays libcrypto's; nothing here points to it any more, but it
        // would look at `stop`.
        let ended = self
            .libcrypto
            .run(&mut self.job, pause_until_stopped, FINISH);
        if ended.is_err() {
            Box::leak(std::mem::take(&mut self.stop));
        }
    }
}

extern "C" fn return_at_once(_args: *mut c_void) -> c_int {
    1
}

extern "C" fn pause_once(_args: *mut c_void) -> c_int {
    pause();
    1
}

extern "C" fn pause_until_stopped(args: *mut c_void) -> c_int {
    // SAFETY: libcrypto passes its copy of what `pausing_job` gave: the address of a cell. The copy
    // is aligned as memory from malloc is, and lives until the job finishes.
    let stop_at = unsafe { *args.cast::<*const Cell<bool>>() };
    // SAFETY: the cell is boxed, and outlives the job (`PausingJob::drop`), which runs on the
    // thread that holds it.
    let stop = unsafe { &*stop_at };
    while !stop.get() {
        pause();
    }
    1
}

fn pause() {
    if let Some(Ok(loaded)) = LOADED.get() {
        // SAFETY: the pointer comes from libcrypto, which stays loaded. We are in one of its jobs,
        // and hold nothing across the pause.
        unsafe { (loaded.functions.pause_job)() };
    }
}

fn functions() -> Result<&'static Functions, String> {
    match LOADED.get_or_init(Loaded::load) {
        Ok(loaded) => Ok(&loaded.functions),
        Err(reason) => Err(reason.clone()),
    }
}

type JobFn = extern "C" fn(*mut c_void) -> c_int;
type Cleanup = extern "C" fn(*mut c_void, *const c_void, c_int, *mut c_void);

/// libcrypto's functions by their declared types.
#[derive(Debug)]
struct Functions {
    version: unsafe extern "C" fn(c_int) -> *const c_char,
    is_capable: unsafe extern "C" fn() -> c_int,
    init_thread: unsafe extern "C" fn(usize, usize) -> c_int,
    cleanup_thread: unsafe extern "C" fn(),
    start_job: unsafe extern "C" fn(
        *mut *mut c_void,
        *mut c_void,
        *mut c_int,
        JobFn,
        *mut c_void,
        usize,
    ) -> c_int,
    pause_job: unsafe extern "C" fn() -> c_int,
    wait_ctx_new: unsafe extern "C" fn() -> *mut c_void,
    wait_ctx_free: unsafe extern "C" fn(*mut c_void),
    set_wait_fd: unsafe extern "C" fn(
        *mut c_void,
        *const c_void,
        c_int,
        *mut c_void,
        Option<Cleanup>,
    ) -> c_int,
    get_all_fds: unsafe extern "C" fn(*mut c_void, *mut c_int, *mut usize) -> c_int,
    get_changed_fds:
        unsafe extern "C" fn(*mut c_void, *mut c_int, *mut usize, *mut c_int, *mut usize) -> c_int,
    clear_fd: unsafe extern "C" fn(*mut c_void, *const c_void) -> c_int,
}

/// The library, for as long as the process lives: it has handlers that run at its exit.
#[derive(Debug)]
struct Loaded {
    functions: Functions,
    _library: Library,
}

impl Loaded {
    fn load() -> Result<Self, String> {
        // SAFETY: loading runs libcrypto's initialisers, which any program that links to it runs
        // as well; they want nothing from us.
        let library = unsafe { Library::new(FILE) };
        let library = library.map_err(|error| format!("{FILE} cannot be loaded: {error}"))?;
        let functions = Functions {
            version: find(&library, "OpenSSL_version")?,
            is_capable: find(&library, "ASYNC_is_capable")?,
            init_thread: find(&library, "ASYNC_init_thread")?,
            cleanup_thread: find(&library, "ASYNC_cleanup_thread")?,
            start_job: find(&library, "ASYNC_start_job")?,
            pause_job: find(&library, "ASYNC_pause_job")?,
            wait_ctx_new: find(&library, "ASYNC_WAIT_CTX_new")?,
            wait_ctx_free: find(&library, "ASYNC_WAIT_CTX_free")?,
            set_wait_fd: find(&library, "ASYNC_WAIT_CTX_set_wait_fd")?,
            get_all_fds: find(&library, "ASYNC_WAIT_CTX_get_all_fds")?,
            get_changed_fds: find(&library, "ASYNC_WAIT_CTX_get_changed_fds")?,
            clear_fd: find(&library, "ASYNC_WAIT_CTX_clear_fd")?,
        };
        Ok(Self {
            functions,
            _library: library,
        })
    }
}

/// The function of that name, by the type that the caller stores it as.
fn find<F: Copy>(library: &Library, name: &str) -> Result<F, String> {
    // SAFETY: `F` is the type of a field of `Functions`, which is the function's declared one. The
    // pointer is used for as long as the library is loaded, which is for ever.
    let symbol = unsafe { library.get::<F>(name) };
    symbol
        .map(|symbol| *symbol)
        .map_err(|error| format!("{FILE} has no {name}: {error}"))
}

static LOADED: OnceLock<Result<Loaded, String>> = OnceLock::new();
/// Its address is a key of the wait context.
static KEY: u8 = 0;

thread_local! {
    /// Whether there is a [`Libcrypto`] on this thread.
    static IS_IN_USE: Cell<bool> = const { Cell::new(false) };
}

/// The library's name as the dynamic loader knows it.
pub const FILE: &str = "libcrypto.so.3";
const PAUSE: c_int = 2;
const FINISH: c_int = 3;

#[cfg(test)]
mod tests {
    use super::*;

    /// libcrypto, where the machine has it. Its absence must say what is absent.
    fn libcrypto() -> Option<Libcrypto> {
        Libcrypto::load()
            .inspect_err(|reason| assert!(reason.contains(FILE), "{reason}"))
            .ok()
    }

    #[test]
    fn jobs_start_pause_resume_and_finish() {
        let Some(libcrypto) = libcrypto() else { return };
        assert!(libcrypto.version().contains("SSL"));
        libcrypto.start_finish_ns(10).expect("they finish");
        libcrypto.start_pause_finish_ns(10).expect("they pause");
        libcrypto
            .pausing_job()
            .expect("it starts")
            .pairs_ns(10)
            .expect("it pauses");
        assert_eq!(libcrypto.with_paused(100, || 7), Ok(7));
        // A second one would share the first one's pool, and free it.
        assert!(Libcrypto::load().is_err());
        drop(libcrypto);
        let again = Libcrypto::load().expect("the first is gone");
        again
            .start_pause_finish_ns(10)
            .expect("with a pool of its own");
    }

    #[test]
    fn a_wait_context_forgets_what_was_set_and_cleared() {
        let Some(libcrypto) = libcrypto() else { return };
        libcrypto
            .wait_ctx_cycle_ns(7, 10)
            .expect("the fd comes back");
        assert_eq!(libcrypto.changed_fds(), Ok((0, 0)));
    }
}
