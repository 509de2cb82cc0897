//! Histograms as text: HdrHistogram's V2 encoding, compressed, in base64, as interval logs have it.

use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::ZlibDecoder;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Deserializer, Serializer, V2DeflateSerializer};

/// `histogram` as text.
pub fn encode(histogram: &Histogram<u64>) -> String {
    let mut bytes = Vec::new();
    let written = V2DeflateSerializer::new().serialize(histogram, &mut bytes);
    written.expect("a vector takes all bytes");
    STANDARD.encode(bytes)
}

/// The histogram that [`encode`] made `text` of. It grows where it must.
///
/// # Errors
/// What is wrong with it, in words.
pub fn decode(text: &str) -> Result<Histogram<u64>, String> {
    if text.len() > MAX_LEN {
        return Err(format!("a histogram of {} characters", text.len()));
    }
    let bytes = STANDARD
        .decode(text)
        .map_err(|error| format!("a histogram is no base64: {error}"))?;
    check_head(&bytes)?;
    let mut histogram: Histogram<u64> = Deserializer::new()
        .deserialize(&mut bytes.as_slice())
        .map_err(|error| format!("a histogram is damaged: {error}"))?;
    histogram.auto(true);
    Ok(histogram)
}

/// The library takes as much memory as a head claims to be needed, and then looks whether there is so
/// much.
fn check_head(bytes: &[u8]) -> Result<(), String> {
    let mut head = [0; HEAD_LEN];
    let packed = bytes.get(OUTER_HEAD_LEN..).unwrap_or_default();
    let read = ZlibDecoder::new(packed).read_exact(&mut head);
    read.map_err(|error| format!("a histogram ends in its head: {error}"))?;
    let word = |at: usize| u32::from_be_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    let (len, digits) = (word(4), word(12));
    if len > MAX_COUNTS_LEN {
        return Err(format!("a histogram of {len} bytes"));
    }
    if digits > MAX_DIGITS {
        return Err(format!("a histogram to {digits} significant digits"));
    }
    Ok(())
}

/// Before what is compressed: what it is, and its length.
const OUTER_HEAD_LEN: usize = 8;
/// Within it, before the counts.
const HEAD_LEN: usize = 40;
/// Three digits over all of 64 bits are 112,640 counts of nine bytes at most.
const MAX_COUNTS_LEN: u32 = 1_013_760;
/// As many as any that this program writes.
const MAX_DIGITS: u32 = 3;
/// Several times what three significant digits over all of 64 bits can need.
const MAX_LEN: usize = 4 << 20;

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::ZlibEncoder;

    use super::*;

    /// What is only claimed costs no memory.
    #[test]
    fn a_head_that_says_more_than_there_is_is_refused() {
        let mut histogram = Histogram::new(3).expect("three digits");
        histogram.record(4_711).expect("it grows");
        let good = encode(&histogram);
        assert!(decode(&good).is_ok());
        let bytes = STANDARD.decode(&good).expect("base64");
        let mut plain = Vec::new();
        let mut packed = ZlibDecoder::new(&bytes[OUTER_HEAD_LEN..]);
        packed.read_to_end(&mut plain).expect("it is compressed");
        let with = |at: usize, word: u32| {
            let mut plain = plain.clone();
            plain[at..at + 4].copy_from_slice(&word.to_be_bytes());
            let mut packed = ZlibEncoder::new(Vec::new(), Compression::fast());
            packed.write_all(&plain).expect("a vector takes all bytes");
            let packed = packed.finish().expect("a vector takes all bytes");
            let len = u32::try_from(packed.len()).expect("it is small");
            let bytes = [&bytes[..4], &len.to_be_bytes(), &packed].concat();
            decode(&STANDARD.encode(bytes))
        };
        assert_eq!(with(12, 3), decode(&good), "what is as it was is as good");
        let too_long = with(4, u32::MAX).expect_err("it claims too much");
        assert!(too_long.contains("4294967295 bytes"), "{too_long}");
        let too_fine = with(12, 5).expect_err("it claims too much");
        assert!(too_fine.contains("5 significant digits"), "{too_fine}");
        let cut = decode(&STANDARD.encode(&bytes[..20])).expect_err("it is cut");
        assert!(cut.contains("ends in its head"), "{cut}");
    }
}
