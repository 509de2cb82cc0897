//! A strict reader for the little DER that key files need (X.690, section 10).
//!
//! It takes low tag numbers and definite, minimal lengths only, and says where it stumbled. It is
//! here to tell keys apart and to name what is wrong with them: the compute engine parses them
//! again for itself.

/// Tags that occur in key files.
pub(super) mod tag {
    pub(crate) const INTEGER: u8 = 0x02;
    pub(crate) const BIT_STRING: u8 = 0x03;
    pub(crate) const OCTET_STRING: u8 = 0x04;
    pub(crate) const OBJECT_IDENTIFIER: u8 = 0x06;
    pub(crate) const SEQUENCE: u8 = 0x30;
    /// `[0]`, constructed.
    pub(crate) const CONTEXT_0: u8 = 0xa0;
    /// `[1]`, constructed.
    pub(crate) const CONTEXT_1: u8 = 0xa1;
}

/// Why bytes are no DER.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DerError {
    /// An element says that it is longer than what there is.
    Truncated {
        /// Where the missing bytes end, counted from the start of the file.
        expected_len: usize,
    },
    /// The bytes at `offset` break a rule.
    Malformed {
        /// Counted from the start of the file.
        offset: usize,
        /// Which rule.
        what: &'static str,
    },
}

/// One element: tag, and contents with their place in the file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Element<'a> {
    pub(super) tag: u8,
    pub(super) contents: &'a [u8],
    /// Where the contents begin, counted from the start of the file.
    offset: usize,
}

impl<'a> Element<'a> {
    /// A reader of what is inside.
    pub(super) fn reader(self) -> Reader<'a> {
        Reader {
            rest: self.contents,
            offset: self.offset,
        }
    }
}

/// Reads elements one after the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
    offset: usize,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self {
            rest: bytes,
            offset: 0,
        }
    }

    /// The bytes that have not been read.
    pub(super) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The next element, whatever it is; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Element<'a>>, DerError> {
        let Some(&tag) = self.rest.first() else {
            return Ok(None);
        };
        if tag & 0x1f == 0x1f {
            return Err(self.malformed("a tag number above 30"));
        }
        let (header_len, contents_len) = self.read_length()?;
        // Cannot overflow: both are at most a few bytes more than 2^32, and offset is a real one.
        let end = header_len + contents_len;
        let Some(contents) = self.rest.get(header_len..end) else {
            return Err(DerError::Truncated {
                expected_len: self.offset + end,
            });
        };
        let element = Element {
            tag,
            contents,
            offset: self.offset + header_len,
        };
        self.rest = &self.rest[end..];
        self.offset += end;
        Ok(Some(element))
    }

    /// The next element, which must have this tag.
    pub(super) fn expect(&mut self, tag: u8, what: &'static str) -> Result<Element<'a>, DerError> {
        let before = *self;
        match self.next()? {
            Some(element) if element.tag == tag => Ok(element),
            _ => Err(before.malformed(what)),
        }
    }

    /// The next element, which must be a non-negative INTEGER: its bytes, big-endian, without
    /// leading zeros (empty for zero).
    pub(super) fn expect_unsigned(&mut self, what: &'static str) -> Result<&'a [u8], DerError> {
        let before = *self;
        let contents = self.expect(tag::INTEGER, what)?.contents;
        match contents {
            [] => Err(before.malformed("an integer without bytes")),
            [0] => Ok(&[]),
            [0, next, ..] if next & 0x80 == 0 => {
                Err(before.malformed("an integer with superfluous zeros"))
            }
            [0, magnitude @ ..] => Ok(magnitude),
            [first, ..] if first & 0x80 != 0 => Err(before.malformed("a negative integer")),
            magnitude => Ok(magnitude),
        }
    }

    /// The tags of all remaining elements.
    pub(super) fn tags(mut self) -> Result<Vec<u8>, DerError> {
        let mut tags = Vec::new();
        while let Some(element) = self.next()? {
            tags.push(element.tag);
        }
        Ok(tags)
    }

    /// An error at the place where this reader stands.
    pub(super) const fn malformed(&self, what: &'static str) -> DerError {
        DerError::Malformed {
            offset: self.offset,
            what,
        }
    }

    /// Lengths of the header (tag and length) and of the contents.
    fn read_length(&self) -> Result<(usize, usize), DerError> {
        let header_cut = DerError::Truncated {
            expected_len: self.offset + self.rest.len() + 1,
        };
        let first = *self.rest.get(1).ok_or(header_cut)?;
        if first < 0x80 {
            return Ok((2, usize::from(first)));
        }
        let count = usize::from(first & 0x7f);
        if count == 0 || count > 4 {
            return Err(self.malformed("an indefinite or absurd length"));
        }
        let bytes = self.rest.get(2..2 + count).ok_or(header_cut)?;
        let len = bytes
            .iter()
            .fold(0, |len, &byte| len << 8 | usize::from(byte));
        if bytes[0] == 0 || len < 0x80 {
            return Err(self.malformed("a length that is not minimal"));
        }
        Ok((2 + count, len))
    }
}

/// Appends one element.
pub(super) fn write(output: &mut Vec<u8>, tag: u8, contents: &[u8]) {
    output.push(tag);
    let len = contents.len();
    let len_bytes = len.to_be_bytes();
    let significant = &len_bytes[len.leading_zeros() as usize / 8..];
    match (len, u8::try_from(significant.len())) {
        (0..0x80, _) => output.push(significant.last().copied().unwrap_or(0)),
        (_, Ok(count)) => {
            output.push(0x80 | count);
            output.extend_from_slice(significant);
        }
        (_, Err(_)) => unreachable!("a usize has at most eight bytes"),
    }
    output.extend_from_slice(contents);
}

/// The dotted form of an OBJECT IDENTIFIER's contents.
pub(super) fn dotted(contents: &[u8]) -> String {
    let mut arcs = Vec::new();
    let mut arc = 0_u64;
    for &byte in contents {
        arc = arc.saturating_mul(128) | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            arcs.push(arc);
            arc = 0;
        }
    }
    let Some((&head, tail)) = arcs.split_first() else {
        return "(empty)".to_owned();
    };
    let root = (head / 40).min(2);
    let mut text = format!("{root}.{}", head - 40 * root);
    for arc in tail {
        text.push('.');
        text.push_str(&arc.to_string());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lengths_must_be_definite_and_minimal() {
        for (bytes, what) in [
            (&[0x30, 0x80][..], "indefinite"),
            (&[0x30, 0x81, 0x05, 0, 0, 0, 0, 0][..], "minimal"),
            (&[0x30, 0x82, 0x00, 0x80][..], "minimal"),
            (&[0x30, 0x85, 1, 1, 1, 1, 1][..], "absurd"),
            (&[0x1f, 0x00][..], "tag number"),
        ] {
            match Reader::new(bytes).next() {
                Err(DerError::Malformed {
                    offset: 0,
                    what: found,
                }) => {
                    assert!(found.contains(what), "{bytes:?}: {found}");
                }
                other => panic!("{bytes:?}: {other:?}"),
            }
        }
    }

    #[test]
    fn truncation_says_how_long_it_should_have_been() {
        let error = Reader::new(&[0x30, 0x82, 0x01, 0x00, 7])
            .next()
            .unwrap_err();
        assert_eq!(error, DerError::Truncated { expected_len: 260 });
        let error = Reader::new(&[0x30]).next().unwrap_err();
        assert_eq!(error, DerError::Truncated { expected_len: 2 });
    }

    #[test]
    fn integers_are_strict() {
        let read = |bytes: &'static [u8]| Reader::new(bytes).expect_unsigned("an integer");
        assert_eq!(read(&[2, 1, 0]), Ok(&[][..]));
        assert_eq!(read(&[2, 2, 0, 0x80]), Ok(&[0x80][..]));
        assert_eq!(read(&[2, 1, 0x7f]), Ok(&[0x7f][..]));
        for wrong in [&[2, 0][..], &[2, 2, 0, 1], &[2, 1, 0x80], &[3, 1, 1], &[]] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn identifiers_read_as_people_write_them() {
        assert_eq!(dotted(&[0x2b, 0x65, 0x70]), "1.3.101.112");
        assert_eq!(
            dotted(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01]),
            "1.2.840.113549.1.1.1"
        );
        assert_eq!(dotted(&[]), "(empty)");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(contents in prop::collection::vec(any::<u8>(), 0..70_000)) {
            let mut bytes = Vec::new();
            write(&mut bytes, tag::OCTET_STRING, &contents);
            let mut reader = Reader::new(&bytes);
            let element = reader.expect(tag::OCTET_STRING, "octets").unwrap();
            prop_assert_eq!(element.contents, &contents[..]);
            prop_assert!(reader.rest().is_empty());
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let mut reader = Reader::new(&bytes);
            while let Ok(Some(element)) = reader.next() {
                let _ = element.reader().tags();
                let _ = element.reader().expect_unsigned("an integer");
            }
        }
    }
}
