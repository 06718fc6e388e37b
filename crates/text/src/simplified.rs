//! Traditional characters to simplified ones, one by one, so that every character keeps its place.

use std::sync::LazyLock;

use hanconv::RawDictionary;

/// Simplified forms of the basic block, by distance from its first character; zero where none is known.
static SIMPLIFIED: LazyLock<Vec<u16>> = LazyLock::new(|| {
    let mut table = vec![0; usize::from(LAST - FIRST) + 1];
    for (traditional, simplified) in RawDictionary::TSCharacters.iter() {
        if let (Some(traditional), Some(simplified)) = (basic(traditional), basic(simplified)) {
            table[usize::from(traditional - FIRST)] = simplified;
        }
    }
    // A few simplified forms are themselves listed as variants; following them once makes converting twice change nothing.
    for index in 0..table.len() {
        let next = table[index].checked_sub(FIRST).map_or(0, |simplified| table[usize::from(simplified)]);
        if next != 0 {
            table[index] = next;
        }
    }
    table
});

const FIRST: u16 = 0x4e00;
const LAST: u16 = 0x9fff;

/// The simplified form of a character; itself where there is no other.
pub(crate) fn simplified(c: char) -> char {
    let simplified = code(c).map_or(0, |code| SIMPLIFIED[usize::from(code - FIRST)]);
    if simplified == 0 { c } else { char::from_u32(u32::from(simplified)).unwrap_or(c) }
}

/// The code of a lone character of the basic block.
fn basic(text: &str) -> Option<u16> {
    let mut characters = text.chars();
    let only = characters.next().filter(|_| characters.next().is_none())?;
    code(only)
}

fn code(c: char) -> Option<u16> {
    u16::try_from(u32::from(c)).ok().filter(|code| (FIRST..=LAST).contains(code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traditional_characters_are_simplified_and_simplified_ones_stay() {
        let simplify = |text: &str| text.chars().map(simplified).collect::<String>();
        assert_eq!(simplify("訂單還沒發貨嗎"), "订单还没发货吗");
        assert_eq!(simplify("订单还没发货吗 ok"), "订单还没发货吗 ok");
    }

    #[test]
    fn simplifying_twice_changes_nothing_more() {
        for c in (FIRST..=LAST).filter_map(|code| char::from_u32(u32::from(code))) {
            assert_eq!(simplified(simplified(c)), simplified(c), "{c}");
        }
    }
}
