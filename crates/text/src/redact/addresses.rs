//! Finds Chinese postal addresses, from each house number outwards.
//! A road and a number alone name a shop or a stop as often as a home, so more than that is asked for.

use std::ops::Range;

use super::{PersonalData, fold::CHINESE_NUMERALS};
use crate::characters::is_han;

/// How far before a house number an address may begin.
const LONGEST_FRONT: usize = 40;
/// How many characters may stand between a house number and the next one inside.
const LONGEST_NAME: usize = 10;
/// Characters that stand in sentences around an address and not inside one.
const OUTSIDE: &str = "的了吗呢吧啊呀我你您他她它们們是在到给給寄送请請这這那住址为為把帮幫就也去往问問发發货貨";
/// What a road's name ends in.
const ROADS: &str = "路街道巷弄段里村组組屯";
/// What an administrative unit's name ends in.
const ADMINISTRATIVE: &str = "省市区區县縣州镇鎮乡鄉旗盟";
/// Words that end like an administrative unit and are none.
const NO_UNITS: [&str; 27] = [
    "小区", "社区", "园区", "市区", "地区", "城区", "校区", "景区", "专区", "郊区", "时区", "分区", "库区", "城市",
    "超市", "门市", "股市", "上市", "本市", "全市", "都市", "夜市", "外省", "本省", "全省", "节省", "小區",
];
/// Places people name without saying that they are a province or a city.
const PLACES: [&str; 64] = [
    "北京",
    "上海",
    "天津",
    "重庆",
    "重慶",
    "河北",
    "山西",
    "内蒙古",
    "辽宁",
    "吉林",
    "黑龙江",
    "江苏",
    "浙江",
    "安徽",
    "福建",
    "江西",
    "山东",
    "河南",
    "湖北",
    "湖南",
    "广东",
    "廣東",
    "广西",
    "海南",
    "四川",
    "贵州",
    "云南",
    "西藏",
    "陕西",
    "甘肃",
    "青海",
    "宁夏",
    "新疆",
    "香港",
    "澳门",
    "澳門",
    "台湾",
    "臺灣",
    "广州",
    "深圳",
    "杭州",
    "南京",
    "苏州",
    "武汉",
    "成都",
    "西安",
    "长沙",
    "郑州",
    "青岛",
    "宁波",
    "厦门",
    "福州",
    "合肥",
    "东莞",
    "佛山",
    "无锡",
    "济南",
    "沈阳",
    "大连",
    "昆明",
    "哈尔滨",
    "石家庄",
    "长春",
    "南宁",
];
/// Buildings an address may end with, after the house number.
const BUILDINGS: [&str; 9] = ["大厦", "小区", "花园", "公寓", "广场", "中心", "大楼", "大廈", "写字楼"];

pub(super) fn find(characters: &[char]) -> Vec<(PersonalData, Range<usize>)> {
    let mut found: Vec<(PersonalData, Range<usize>)> = Vec::new();
    let mut floor = 0;
    let mut at = 0;
    while at < characters.len() {
        let Some(house) = House::at(characters, at) else {
            at += 1;
            continue;
        };
        at = house.end;
        if let Some(range) = address(characters, floor, &house) {
            (floor, at) = (range.end, range.end);
            found.push((PersonalData::Address, range));
        }
    }
    found
}

/// What a numbered part of an address numbers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unit {
    /// A house along a road.
    House,
    /// A building or a staircase of it.
    Building,
    /// A floor or a room, which shops have too.
    Inside,
}

/// A number and what it numbers: "12号", "3栋", "501室".
struct House {
    start: usize,
    end: usize,
    unit: Unit,
}

impl House {
    /// The numbered part that begins exactly at an index.
    fn at(characters: &[char], at: usize) -> Option<House> {
        let inside_number = at > 0 && is_number(characters[at - 1]);
        let n_number = characters[at..].iter().take(8).take_while(|c| is_number(**c) || **c == '-').count();
        if inside_number || n_number == 0 || n_number > 7 || !is_number(characters[at]) {
            return None;
        }
        let letter = characters.get(at + n_number).is_some_and(char::is_ascii_alphabetic);
        let mut end = at + n_number + usize::from(letter);
        end += usize::from(characters.get(end) == Some(&' '));
        let (n_unit, unit) = unit(&characters[end..])?;
        Some(House { start: at, end: end + n_unit, unit })
    }
}

/// The unit's name that characters begin with, and how long it is.
fn unit(characters: &[char]) -> Option<(usize, Unit)> {
    match characters {
        ['号' | '號', '楼' | '樓' | '院', ..] => Some((2, Unit::Building)),
        // Underground lines, storehouses and shop counters are numbered too.
        ['号' | '號', '线' | '線' | '仓' | '店' | '机' | '码', ..] => None,
        ['号' | '號', ..] => Some((1, Unit::House)),
        ['单', '元', ..] | ['單', '元', ..] => Some((2, Unit::Building)),
        ['栋' | '棟' | '幢' | '座', ..] => Some((1, Unit::Building)),
        ['室' | '楼' | '樓' | '层' | '層' | '房', ..] => Some((1, Unit::Inside)),
        ['弄', ..] => Some((1, Unit::House)),
        _ => None,
    }
}

fn is_number(c: char) -> bool {
    c.is_ascii_digit() || CHINESE_NUMERALS.contains(&c)
}

/// The whole address around its first numbered part, if there is enough of it.
fn address(characters: &[char], floor: usize, house: &House) -> Option<Range<usize>> {
    let front_start = front_start(characters, floor, house.start);
    let front = &characters[front_start..house.start];
    let last = front.iter().rposition(|c| *c != ' ')?;
    let on_road = ROADS.contains(front[last]) && last > 0;
    let (end, n_inside) = details(characters, house);
    let enough = match house.unit {
        Unit::House => on_road && (n_inside > 0 || names_unit(front) || names_place(front)),
        Unit::Building => (n_inside > 0 && last > 0) || names_unit(front),
        Unit::Inside => names_unit(front),
    };
    enough.then(|| {
        let from_province = PLACES.iter().filter_map(|place| position(front, place)).min();
        let spaces = front.iter().take_while(|c| **c == ' ').count();
        front_start + from_province.unwrap_or(spaces)..end
    })
}

/// Where the words before a house number stop being part of an address.
fn front_start(characters: &[char], floor: usize, end: usize) -> usize {
    let lowest = floor.max(end.saturating_sub(LONGEST_FRONT));
    let belongs = |c: char| c == ' ' || c.is_ascii_alphanumeric() || is_han(c) && !OUTSIDE.contains(c);
    let length = characters[lowest..end].iter().rev().take_while(|c| belongs(**c)).count();
    // Latin letters and digits may stand inside a place's name, never before it.
    (end - length..end).find(|index| is_han(characters[*index])).unwrap_or(end)
}

/// Follows the numbered parts behind the first one: where the last ends, and how many there are.
fn details(characters: &[char], house: &House) -> (usize, usize) {
    let (mut end, mut n_inside) = (house.end, 0);
    while let Some(next) = next_detail(characters, end) {
        (end, n_inside) = (next, n_inside + 1);
    }
    // A bare room number may close the address: "3单元501".
    let gap = usize::from(characters.get(end).is_some_and(|c| *c == ' ' || *c == '-'));
    let room = characters[end + gap..].iter().take(6).take_while(|c| c.is_ascii_digit()).count();
    let closed =
        characters.get(end + gap + room).is_none_or(|c| !c.is_ascii_alphanumeric() && !"元块天个件".contains(*c));
    if (2..=5).contains(&room) && closed && (n_inside > 0 || house.unit == Unit::Building) {
        return (end + gap + room, n_inside + 1);
    }
    let building = BUILDINGS.iter().filter_map(|name| {
        let name_end =
            position(&characters[end..characters.len().min(end + LONGEST_NAME)], name)? + name.chars().count();
        characters[end..end + name_end].iter().all(|c| is_name(*c)).then_some(end + name_end)
    });
    (building.max().unwrap_or(end), n_inside)
}

/// Where the numbered part ends that follows, perhaps after the name of a building.
fn next_detail(characters: &[char], from: usize) -> Option<usize> {
    for at in from..characters.len().min(from + LONGEST_NAME) {
        let lettered =
            characters[at].is_ascii_alphabetic() && matches!(characters.get(at + 1), Some('座' | '栋' | '幢' | '区'));
        if lettered {
            return Some(at + 2);
        }
        if let Some(house) = House::at(characters, at).filter(|house| house.unit != Unit::House) {
            return Some(house.end);
        }
        if !is_name(characters[at]) && !",，、".contains(characters[at]) {
            return None;
        }
    }
    None
}

fn is_name(c: char) -> bool {
    c == ' ' || c.is_ascii_alphanumeric() || is_han(c) && !OUTSIDE.contains(c)
}

/// Whether an administrative unit with a name of its own is mentioned.
fn names_unit(front: &[char]) -> bool {
    (2..front.len()).any(|index| {
        let pair = [front[index - 1], front[index]];
        let is_unit = ADMINISTRATIVE.contains(front[index]) && is_han(pair[0]) && is_han(front[index - 2]);
        is_unit && !NO_UNITS.iter().any(|word| word.chars().eq(pair))
    })
}

/// Whether a well-known place is mentioned that is not the road's own name.
fn names_place(front: &[char]) -> bool {
    PLACES.iter().any(|place| {
        let after = position(front, place).map(|start| start + place.chars().count());
        after.and_then(|after| front.get(after)).is_some_and(|c| !ROADS.contains(*c))
    })
}

fn position(characters: &[char], word: &str) -> Option<usize> {
    let length = word.chars().count();
    characters.windows(length).position(|window| word.chars().eq(window.iter().copied()))
}
