//! The TFRecord frame: the payload's length (u64, little-endian), the length's checksum, the payload, its checksum.
//! Both are CRC-32C, rotated and shifted so that the checksum of data that holds checksums stays a good one.

/// A payload in its frame.
pub(super) fn frame(payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u64).to_le_bytes();
    let mut record = Vec::with_capacity(payload.len() + 16);
    record.extend_from_slice(&length);
    record.extend_from_slice(&masked(&length).to_le_bytes());
    record.extend_from_slice(payload);
    record.extend_from_slice(&masked(payload).to_le_bytes());
    record
}

fn masked(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8)
}

/// The payloads of a file, checksums and lengths checked.
#[cfg(test)]
pub(super) fn unframe(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let word = |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().unwrap());
    let mut payloads = Vec::new();
    while !bytes.is_empty() {
        let (length, rest) = bytes.split_at(8);
        let (check, rest) = rest.split_at(4);
        assert_eq!(word(check), masked(length));
        let (payload, rest) = rest.split_at(u64::from_le_bytes(length.try_into().unwrap()) as usize);
        let (check, rest) = rest.split_at(4);
        assert_eq!(word(check), masked(payload));
        payloads.push(payload.to_vec());
        bytes = rest;
    }
    payloads
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_by_another_program() {
        // tensorboard 2.21: tensorboard.summary.writer.record_writer.RecordWriter(file).write(b"vqz").
        let theirs = [3, 0, 0, 0, 0, 0, 0, 0, 176, 153, 73, 14, 118, 113, 122, 134, 142, 97, 106];
        assert_eq!(frame(b"vqz"), theirs);
    }

    #[test]
    fn frames_follow_one_another() {
        let bytes = [frame(b"one"), frame(b""), frame(b"three")].concat();
        assert_eq!(unframe(&bytes), [b"one".to_vec(), Vec::new(), b"three".to_vec()]);
    }
}
