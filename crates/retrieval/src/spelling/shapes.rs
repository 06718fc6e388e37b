//! Chinese characters that are taken for one another because they look alike.

/// Groups of characters that differ in a stroke or a part.
const GROUPS: &str = "己已巳 未末 土士 人入八 账帐 折拆析 晴睛 侍待持 徒徙 券卷 治冶 今令 千干于 日曰目 大太犬天夭 王玉主 \
    货贷 管菅 续读 购构沟 优忧扰 换唤涣 保堡 仓仑 订钉盯 历厉 即既 候侯 拔拨 密蜜 渡度 竟竞 幕墓暮慕募 哀衰衷 冒昌 \
    验险检捡 申甲由田电 住往柱注 借惜错措 请清情晴精 没设投 贴帖粘 运远 退腿 损捐 填慎镇 额领颁 顾颀 收牧 拒柜 栋冻 \
    凭赁 挂佳桂 催摧 复夏 寄奇骑 快块决 抽油 邮部 质贡 款歇 妥受 签笺鉴 期斯欺 限很恨 洗先 盒盆 班斑 码妈吗 \
    操澡燥躁 帽冒 纸低抵 泡包抱炮 级极圾 绑邦 解懈 鞋靴 裙群 裤库 粉份纷 味昧 瓶并 袋装 衫杉 尺尽 微徽 \
    载裁栽 辨辩辫瓣 提堤题 抢枪 怕拍 扫归 输愉 辆俩 钱线浅残 钥钧 锁销 验脸";

/// The text with one character in place of another that looks like it, for every such character.
pub(super) fn variants(part: &str) -> Vec<String> {
    let characters: Vec<char> = part.chars().collect();
    let mut variants = Vec::new();
    for (at, character) in characters.iter().enumerate() {
        for group in GROUPS.split_whitespace().filter(|group| group.contains(*character)) {
            for other in group.chars().filter(|other| other != character) {
                let mut changed = characters.clone();
                changed[at] = other;
                variants.push(changed.into_iter().collect());
            }
        }
    }
    variants
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_character_is_taken_for_those_it_looks_like() {
        assert_eq!(variants("帐户"), ["账户"]);
        assert!(variants("己经").contains(&"已经".to_owned()));
        assert!(variants("龘").is_empty());
    }
}
