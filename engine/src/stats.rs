//! What an engine counts.

/// Figures of an engine since it was made. Beside some stands the name that users
/// of QAT_Engine know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct EngineStats {
    /// Operations whose descriptor was pushed.
    pub submitted: u64,
    /// Operations whose call returned, with a result or an error from the device.
    pub returned: u64,
    /// Operations that are in the device now, abandoned ones included: `GET_NUM_REQUESTS_IN_FLIGHT`.
    pub in_flight: u64,
    /// Calls that found no room and waited their turn. `GET_NUM_OP_RETRIES` counts the attempts of
    /// such calls; ours are woken when there is room, and try once.
    pub full_waits: u64,
    /// Doorbells that published something.
    pub doorbells: u64,
    /// Doorbells that had to wake the device.
    pub doorbells_woke: u64,
    /// Looks at the completion ring that found nothing.
    pub empty_polls: u64,
    /// Completions taken from the ring.
    pub reaped: u64,
    /// Of these, the ones that named no operation of ours.
    pub orphans: u64,
    /// Jobs told by callback.
    pub wakes_by_callback: u64,
    /// Jobs told by fd.
    pub wakes_by_fd: u64,
    /// Jobs told, by either, that there is room for them.
    pub wakes_for_room: u64,
    /// Operations that were waited for in place.
    pub waits_in_place: u64,
    /// Jobs resumed before their operation had completed, or before there was room for it.
    pub spurious_resumes: u64,
    /// Operations whose call ended without them, because its job was cancelled. Every submitted
    /// operation is returned, abandoned, timed out, or waited for.
    pub abandoned: u64,
    /// Public-key operations in the device now (`GET_NUM_ASYM_REQUESTS_IN_FLIGHT`).
    pub in_flight_asymmetric: u64,
    /// Cipher operations in the device now.
    pub in_flight_symmetric: u64,
    /// Jobs with notification by poll that looked and found nothing.
    pub looks_in_vain: u64,
    /// Operations whose time was up before the device had answered.
    pub timed_out: u64,
    /// Calls whose time was up before there was room.
    pub timed_out_in_line: u64,
    /// Operations given to the device again after it had failed them.
    pub retries: u64,
    /// Operations computed in software because they were small.
    pub software_small: u64,
    /// Operations computed in software because there was no room.
    pub software_full: u64,
    /// Operations computed in software because the device failed them (`ENABLE_SW_FALLBACK`).
    pub software_device_error: u64,
    /// Signatures verified after transport.
    pub signatures_verified: u64,
    /// Of these, wrong ones; they were wiped.
    pub signatures_wrong: u64,
    /// Times that completions lay unread for longer than the watchdog allows.
    pub nobody_polls: u64,
}
