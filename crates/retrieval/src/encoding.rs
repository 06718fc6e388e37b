//! Decodes the bytes of a text file: UTF-8 with or without a mark, UTF-16, or GB18030 (which covers GBK).

use encoding_rs::{Encoding, GB18030, UTF_16BE, UTF_16LE};

use crate::FileFault;

/// The text of a file, or why it is none.
pub(crate) fn decode(bytes: &[u8]) -> Result<String, FileFault> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return strict(encoding, &bytes[mark..]);
    }
    if let Some(encoding) = unmarked_utf16(bytes) {
        return strict(encoding, bytes);
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => refuse_nul(text.to_owned()),
        Err(failure) => strict(GB18030, bytes).map_err(|_| {
            let line = 1 + bytes[..failure.valid_up_to()].iter().filter(|&&byte| byte == b'\n').count();
            FileFault::NotText { line }
        }),
    }
}

fn strict(encoding: &'static Encoding, bytes: &[u8]) -> Result<String, FileFault> {
    match encoding.decode_without_bom_handling_and_without_replacement(bytes) {
        Some(text) => refuse_nul(text.into_owned()),
        None => Err(FileFault::WrongEncoding { encoding: encoding.name() }),
    }
}

fn refuse_nul(text: String) -> Result<String, FileFault> {
    match text.find('\0') {
        None => Ok(text),
        Some(at) => {
            let line = 1 + text[..at].matches('\n').count();
            Err(FileFault::Nul { line })
        }
    }
}

/// UTF-16 without a mark shows as NUL in every second byte of ASCII characters.
fn unmarked_utf16(bytes: &[u8]) -> Option<&'static Encoding> {
    let sample = &bytes[..bytes.len().min(256) & !1];
    let pairs = sample.len() / 2;
    if pairs < 2 || bytes.len() % 2 == 1 {
        return None;
    }
    let nul = |offset: usize| sample.iter().skip(offset).step_by(2).filter(|&&byte| byte == 0).count();
    let (even, odd) = (nul(0), nul(1));
    if odd * 4 > pairs && even == 0 {
        Some(UTF_16LE)
    } else if even * 4 > pairs && odd == 0 {
        Some(UTF_16BE)
    } else {
        None
    }
}
