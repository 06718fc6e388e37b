/* Every word the widget says, in both languages side by side. */
const table = {
  open: { zh: "打开在线客服", en: "Open chat" },
  close: { zh: "关闭", en: "Close" },
  title: { zh: "在线客服", en: "Chat with us" },
  log: { zh: "对话内容", en: "Conversation" },
  placeholder: { zh: "请输入您的问题", en: "Type your question" },
  send: { zh: "发送", en: "Send" },
  person: { zh: "转人工", en: "Talk to a person" },
  personText: { zh: "转人工客服", en: "I want to talk to a person" },
  connecting: { zh: "正在连接…", en: "Connecting…" },
  offline: { zh: "网络断开了。您写的内容已保留，恢复后会自动发送。", en: "You are offline. What you wrote is kept and will be sent when you are back." },
  gone: { zh: "暂时连不上客服，正在重试。您写的内容已保留。", en: "We cannot reach the service right now and keep trying. What you wrote is kept." },
  sending: { zh: "发送中", en: "Sending" },
  waitingToSend: { zh: "等待发送", en: "Waiting to send" },
  failed: { zh: "没有发出去", en: "Not sent" },
  retry: { zh: "重试", en: "Try again" },
  typing: { zh: "对方正在输入", en: "Typing" },
  slowDown: { zh: "发得有点快，{seconds} 秒后会自动再发。", en: "That was quick. We will send it again in {seconds} s." },
  waiting: { zh: "已为您转接人工，请稍候。", en: "Handed over to a person. One moment, please." },
  waitingPlace: { zh: "已为您转接人工，前面还有 {ahead} 位。", en: "Handed over to a person. {ahead} ahead of you." },
  withPerson: { zh: "正在由人工客服为您服务。", en: "You are talking with a person." },
  closedHours: { zh: "人工客服现在不在线。服务时间：{hours}", en: "Our people are away right now. They are here {hours}" },
  closed: { zh: "对话已结束。这次服务怎么样？", en: "This conversation has ended. How was it?" },
  again: { zh: "重新开始", en: "Start again" },
  helpful: { zh: "有帮助", en: "Helpful" },
  notHelpful: { zh: "没帮助", en: "Not helpful" },
  why: { zh: "哪里不对？", en: "What was wrong?" },
  reasons: { zh: ["答非所问", "内容有误", "没有说清楚", "想找人工"], en: ["Not what I asked", "It is wrong", "Not clear", "I want a person"] },
  source: { zh: "来自：", en: "From: " },
  more: { zh: "展开全文", en: "Show all" },
  less: { zh: "收起", en: "Show less" },
  alsoAsked: { zh: "大家还在问", en: "People also ask" },
  you: { zh: "您", en: "You" },
  bot: { zh: "智能客服", en: "Assistant" },
  staff: { zh: "人工客服", en: "Colleague" },
  tooLong: { zh: "内容太长，请分几次发送（最多 {limit} 字）。", en: "That is too long. Please send it in parts of at most {limit} characters." },
};

/** The widget's language for a tag such as `zh-Hans` or `en-GB`. */
export function pickLanguage(tag) {
  return /^zh\b/i.test(tag || "") ? "zh" : "en";
}

/** The words for a name, with `{place}` filled from `values`. */
export function say(language, name, values = {}) {
  const words = table[name][language];
  if (Array.isArray(words)) return words;
  return words.replace(/\{(\w+)\}/g, (whole, key) => (key in values ? values[key] : whole));
}
