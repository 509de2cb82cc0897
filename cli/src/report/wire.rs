//! Histograms as text: HdrHistogram's V2 encoding, compressed, in base64, as interval logs have it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
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
    let mut histogram: Histogram<u64> = Deserializer::new()
        .deserialize(&mut bytes.as_slice())
        .map_err(|error| format!("a histogram is damaged: {error}"))?;
    histogram.auto(true);
    Ok(histogram)
}

/// Several times what three significant digits over all of 64 bits can need.
const MAX_LEN: usize = 4 << 20;
