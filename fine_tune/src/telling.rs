//! Words that tell one group of messages from the others, for naming groups and for seeing what is new.

use std::collections::{BTreeMap, HashMap, HashSet};

/// Words that name nothing: particles, pronouns, greetings and the like.
const SILENT: &str = "a an the is are am was were be been i me my mine we us our you your he she it its they them their this that these those and or but if so of to in on at for from with by as do does did can could would will shall should may might have has had not no yes please hi hello hey hai thanks thank dear sir madam good morning evening afternoon just want need like know get got what when where which who how why there here any some im i'm id i'd don't ok okay got go let there's that's it's i've i'll im ive dont cant wanna am about now still just also too very really \
的 了 吗 呢 啊 吧 呀 哦 嗯 我 我们 你 你们 您 他 她 它 这 那 这个 那个 是 有 在 和 与 就 都 也 还 要 想 能 可以 请 请问 帮 帮我 帮忙 一下 给 给我 把 被 对 个 一 一个 不 没 没有 你好 您好 好 好的 谢谢 什么 怎么 吗 哪 哪个 哪里 哪儿 多少 几 会 去 到 来 说 看 做 让 为 从 于 我要 我想 推荐 告诉 知道 哈喽 现在 已经 还是 就是 这样 那么 时候 一直 有点 真的";

/// Chinese words of one character that name something.
const SHORT: &str = "退换改买查修坏丢漏错贵寄送付";

/// The words of a normalised message that can name something.
pub(crate) fn words(normalised: &str) -> Vec<String> {
    let is_short = |word: &str| word.chars().count() < 2 && !SHORT.contains(word);
    let is_telling = |word: &str| {
        !is_short(word) && !word.chars().all(char::is_numeric) && !SILENT.split(' ').any(|silent| silent == word)
    };
    text::words(normalised)
        .into_iter()
        .map(|word| word.text)
        .filter(|word| is_telling(word))
        .map(str::to_owned)
        .collect()
}

/// The words that tell each group best, by class-based TF-IDF (Grootendorst, 2022); a message counts a word once.
pub(crate) fn telling(groups: &[Vec<Vec<String>>], n: usize) -> Vec<Vec<String>> {
    let mut all: HashMap<&str, f64> = HashMap::new();
    let mut counts: Vec<BTreeMap<&str, f64>> = Vec::new();
    for group in groups {
        let mut of_group: BTreeMap<&str, f64> = BTreeMap::new();
        for message in group {
            for word in message.iter().map(String::as_str).collect::<HashSet<_>>() {
                *of_group.entry(word).or_default() += 1.0;
                *all.entry(word).or_default() += 1.0;
            }
        }
        counts.push(of_group);
    }
    let mean = all.values().sum::<f64>() / groups.len().max(1) as f64;
    let best = |group: BTreeMap<&str, f64>| {
        let total: f64 = group.values().sum();
        let score = |word: &str, count: f64| count / total * (1.0 + mean / all[word]).ln();
        let mut scored: Vec<(&str, f64)> = group.iter().map(|(word, count)| (*word, score(word, *count))).collect();
        scored.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(b.0)));
        scored.into_iter().take(n).map(|(word, _)| word.to_owned()).collect()
    };
    counts.into_iter().map(best).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_told_by_what_the_others_do_not_say() {
        let group = |texts: &[&str]| texts.iter().map(|text| words(text)).collect::<Vec<_>>();
        let groups = [
            group(&["where is my parcel", "my parcel is late", "order 123 late"]),
            group(&["我要退款", "退款多久到账", "please refund my order"]),
        ];
        let names = telling(&groups, 2);
        assert_eq!(names[0], ["late", "parcel"]);
        assert_eq!(names[1][0], "退款");
        assert_eq!(telling(&[], 3), Vec::<Vec<String>>::new());
        assert_eq!(telling(&[vec![]], 3), [Vec::<String>::new()]);
    }
}
