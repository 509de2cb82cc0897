//! The device's front door: nothing in a descriptor is believed before it was looked at.

use crate::protocol::{Descriptor, Input, OpKind, Scheme, Status};

/// What a descriptor asks for, checked against the slab that it points into.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Checked {
    pub(crate) kind: OpKind,
    pub(crate) scheme: Scheme,
    pub(crate) input: Input,
    /// Of the RSA key, as far as the descriptor tells; 0 if it does not.
    pub(crate) modulus_bits: u32,
    /// Bytes to copy out of the slot: input and what stands behind it.
    pub(crate) bytes_in: u32,
    /// Bytes that will come out, as far as the descriptor tells.
    pub(crate) bytes_out: u32,
}

/// AES-GCM's tag, bytes.
const TAG_LEN: u32 = 16;

impl Checked {
    /// Looks at every field that the device will use.
    ///
    /// # Errors
    /// [`Status::BadRequest`]: what the completion shall say.
    pub(crate) fn check(
        descriptor: &Descriptor,
        slots: u32,
        slot_size: u32,
    ) -> Result<Self, Status> {
        let kind = OpKind::from_code(descriptor.opcode).ok_or(Status::BadRequest)?;
        let scheme = Scheme::from_code(descriptor.scheme).ok_or(Status::BadRequest)?;
        let input = match descriptor.input {
            0 => Input::Message,
            1 => Input::Digest,
            _ => return Err(Status::BadRequest),
        };
        let bytes_in = descriptor
            .input_len
            .checked_add(descriptor.extra_len)
            .ok_or(Status::BadRequest)?;
        let fits = descriptor.slot < slots
            && bytes_in <= slot_size
            && descriptor.output_capacity <= slot_size;
        if !fits {
            return Err(Status::BadRequest);
        }
        Ok(Self {
            kind,
            scheme,
            input,
            modulus_bits: kind.modulus_bits(
                descriptor.output_capacity as usize,
                descriptor.extra_len as usize,
            ),
            bytes_in,
            bytes_out: bytes_out(kind, descriptor),
        })
    }
}

/// Bytes that the link carries home: exact for AEAD, the capacity where only the key knows.
fn bytes_out(kind: OpKind, descriptor: &Descriptor) -> u32 {
    match kind {
        OpKind::AeadSeal => descriptor.input_len.saturating_add(TAG_LEN),
        OpKind::AeadOpen => descriptor.input_len.saturating_sub(TAG_LEN),
        OpKind::RsaVerify | OpKind::EcdsaVerify => 0,
        OpKind::RsaSign | OpKind::EcdsaSign | OpKind::Task => descriptor.output_capacity,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Cookie;

    const SLOTS: u32 = 4;
    const SLOT_SIZE: u32 = 256;

    fn sound() -> Descriptor {
        let cookie = Cookie {
            slot: 3,
            generation: 1,
        };
        let mut descriptor = Descriptor::new(OpKind::AeadSeal, cookie);
        descriptor.input_len = 200;
        descriptor.extra_len = 56;
        descriptor.output_capacity = 216;
        descriptor
    }

    #[test]
    fn a_sound_descriptor_passes() {
        let checked = Checked::check(&sound(), SLOTS, SLOT_SIZE).expect("nothing is wrong");
        assert_eq!((checked.bytes_in, checked.bytes_out), (256, 216));
    }

    #[test]
    fn an_rsa_request_tells_how_long_its_key_is() {
        let bits = |kind: OpKind, output_capacity, extra_len| {
            let descriptor = Descriptor {
                opcode: kind.code(),
                output_capacity,
                extra_len,
                ..sound()
            };
            let checked = Checked::check(&descriptor, SLOTS, 4_096);
            checked.expect("nothing is wrong").modulus_bits
        };
        assert_eq!(bits(OpKind::RsaSign, 384, 0), 3_072);
        assert_eq!(bits(OpKind::RsaVerify, 0, 512), 4_096);
        // A length that no signature has tells nothing, and neither does that of another op.
        assert_eq!(bits(OpKind::RsaSign, 513, 0), 0);
        assert_eq!(bits(OpKind::EcdsaSign, 512, 512), 0);
        assert_eq!(bits(OpKind::AeadSeal, 512, 512), 0);
    }

    #[test]
    fn each_wrong_field_is_a_bad_request() {
        let spoil: [fn(&mut Descriptor); 8] = [
            |d| d.opcode = 0,
            |d| d.opcode = 8,
            |d| d.scheme = 9,
            |d| d.input = 2,
            |d| d.slot = SLOTS,
            |d| d.input_len = SLOT_SIZE + 1,
            |d| d.extra_len = u32::MAX,
            |d| d.output_capacity = SLOT_SIZE + 1,
        ];
        for (index, spoil) in spoil.into_iter().enumerate() {
            let mut descriptor = sound();
            spoil(&mut descriptor);
            let verdict = Checked::check(&descriptor, SLOTS, SLOT_SIZE).map(|_| ());
            assert_eq!(verdict, Err(Status::BadRequest), "field {index}");
        }
    }
}
