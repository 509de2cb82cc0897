//! `[host]`: what the application thread's own work costs.

use pausewake_device::protocol::{OpKind, Scheme};
use pausewake_engine::{HostCosts, SoftwareCost, SoftwareCosts};

use super::Problems;
use crate::scenario::file::{
    Clock, Cost, File, HostBase, HostSection, SoftwareCostEntry, SoftwareSection,
};
use crate::scenario::spanned::Spanned;
use crate::units::{Duration, PerByte};

/// Checks the costs against the clock; free where nothing is said.
pub fn check(file: &File, problems: &mut Problems) -> HostCosts {
    let Some(host) = &file.host else {
        return HostCosts::FREE;
    };
    if *file.clock.get_ref() == Clock::Wall {
        let wrong = "[host] means nothing under the wall clock: work takes the time that it takes";
        let accepted = "clock = \"virtual\" with it, or clock = \"wall\" without (--set host=)";
        problems.add(host.span(), wrong, accepted);
    }
    let section = host.get_ref();
    let base = match section.base.as_ref().map(Spanned::get_ref) {
        Some(HostBase::Measured) => HostCosts::MEASURED,
        Some(HostBase::Free) | None => HostCosts::FREE,
    };
    costs(section, base)
}

fn costs(section: &HostSection, base: HostCosts) -> HostCosts {
    let measured = HostCosts::MEASURED;
    let span = |cost: Option<Cost<Duration>>, base, measured| match cost {
        None => base,
        Some(Cost::Measured) => measured,
        Some(Cost::Is(duration)) => duration.0,
    };
    HostCosts {
        software: software(&section.software, base.software),
        submit_ns: span(section.submit, base.submit_ns, measured.submit_ns),
        doorbell_ns: span(section.doorbell, base.doorbell_ns, measured.doorbell_ns),
        reap_ns: span(section.reap, base.reap_ns, measured.reap_ns),
        callback_ns: span(section.callback, base.callback_ns, measured.callback_ns),
        fd_wake_ns: span(section.fd_wake, base.fd_wake_ns, measured.fd_wake_ns),
        switch_ns: span(section.switch, base.switch_ns, measured.switch_ns),
        copy_ps_per_byte: match section.copy {
            None => base.copy_ps_per_byte,
            Some(Cost::Measured) => measured.copy_ps_per_byte,
            Some(Cost::Is(per_byte)) => picoseconds(per_byte),
        },
    }
}

fn software(section: &SoftwareSection, base: SoftwareCosts) -> SoftwareCosts {
    let measured = SoftwareCosts::MEASURED;
    let cost = |entry: &Option<SoftwareCostEntry>, base: SoftwareCost, measured| match entry {
        None => base,
        Some(SoftwareCostEntry::Measured(_)) => measured,
        Some(SoftwareCostEntry::Is(cost)) => match (cost.per_op, cost.per_byte) {
            (None, None) => base,
            (per_op, per_byte) => SoftwareCost {
                per_op_ns: per_op.map_or(base.per_op_ns, |per_op| per_op.0),
                per_byte_ps: per_byte.map_or(0, picoseconds),
            },
        },
    };
    // Of what is not said of a length, that of 2,048 bits decides, which may be said.
    let of_length = |entry: &Option<SoftwareCostEntry>, kind, modulus_bits| {
        let costs = [base, measured];
        let [base, measured] = costs.map(|costs| costs.of(kind, Scheme::None, modulus_bits));
        entry.as_ref().map(|_| cost(entry, base, measured))
    };
    // One curve or key length of an op; what is said of the op as a whole is said of all of them.
    let of_one = |entry: &Option<SoftwareCostEntry>,
                  whole: &Option<SoftwareCostEntry>,
                  base: Option<SoftwareCost>,
                  measured: Option<SoftwareCost>| match (entry, whole) {
        (None, Some(_)) => None,
        (None, None) => base,
        (Some(_), _) => {
            let known = |cost: Option<SoftwareCost>| cost.unwrap_or(SoftwareCost::FREE);
            Some(cost(entry, known(base), known(measured)))
        }
    };
    let (sign, verify) = (OpKind::RsaSign, OpKind::RsaVerify);
    SoftwareCosts {
        rsa_sign: cost(&section.rsa_sign, base.rsa_sign, measured.rsa_sign),
        rsa3072_sign: of_length(&section.rsa3072_sign, sign, 3_072),
        rsa4096_sign: of_length(&section.rsa4096_sign, sign, 4_096),
        rsa_verify: cost(&section.rsa_verify, base.rsa_verify, measured.rsa_verify),
        rsa3072_verify: of_length(&section.rsa3072_verify, verify, 3_072),
        rsa4096_verify: of_length(&section.rsa4096_verify, verify, 4_096),
        ecdsa_sign: cost(&section.ecdsa_sign, base.ecdsa_sign, measured.ecdsa_sign),
        ecdsa_p384_sign: of_one(
            &section.ecdsa_p384_sign,
            &section.ecdsa_sign,
            base.ecdsa_p384_sign,
            measured.ecdsa_p384_sign,
        ),
        ecdsa_verify: cost(
            &section.ecdsa_verify,
            base.ecdsa_verify,
            measured.ecdsa_verify,
        ),
        ecdsa_p384_verify: of_one(
            &section.ecdsa_p384_verify,
            &section.ecdsa_verify,
            base.ecdsa_p384_verify,
            measured.ecdsa_p384_verify,
        ),
        aead_seal: cost(&section.aead_seal, base.aead_seal, measured.aead_seal),
        aead_open: cost(&section.aead_open, base.aead_open, measured.aead_open),
        aes256_seal: of_one(
            &section.aes256_seal,
            &section.aead_seal,
            base.aes256_seal,
            measured.aes256_seal,
        ),
        aes256_open: of_one(
            &section.aes256_open,
            &section.aead_open,
            base.aes256_open,
            measured.aes256_open,
        ),
    }
}

/// To the nearest one; the most there can be is 4 ms for each byte.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float becomes the nearest integer there is, and it is not negative"
)]
fn picoseconds(per_byte: PerByte) -> u32 {
    (per_byte.0 * 1e3).round() as u32
}
