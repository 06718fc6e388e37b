//! How much one node answers: many conversations at once over loopback, each message durably stored, and where the time goes.
//! `cargo bench -p tests --bench load -- --seconds 20 --conversations 64` asks as fast as answers come;
//! with `--rate 500` that many messages arrive each second, whether or not the ones before were answered.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

/// How long building the home may take: the demo bot is trained first.
const START: Duration = Duration::from_secs(300);
/// Answers given before the clock starts.
const WARM_UP: Duration = Duration::from_secs(2);
/// Longest run that `--seconds` may ask for.
const LONGEST: u64 = 600;

/// What customers of the demo shop say.
const MESSAGES: [&str; 16] = [
    "你好",
    "hello",
    "运费怎么算？",
    "How much is shipping?",
    "可以寄到国外吗？",
    "Do you ship abroad?",
    "怎么开发票",
    "my item arrived broken, what should I do",
    "我的快递到哪了",
    "AB12345678",
    "退款多久到账？",
    "is there a student discount",
    "谢谢",
    "thanks",
    "衣服怎么洗？会掉色缩水吗",
    "will it rain tomorrow",
];

struct Arguments {
    seconds: u64,
    conversations: usize,
    /// Messages a second over all conversations; 0 asks as fast as answers come.
    rate: u64,
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if !words.iter().any(|word| word == "--bench") {
        say("the load benchmark runs with: cargo bench -p tests --bench load");
        return ExitCode::SUCCESS;
    }
    let Some(arguments) = parse(&words) else {
        say(
            "usage: cargo bench -p tests --bench load -- [--seconds 1..600] [--conversations 1..4096] [--rate 1..100000]",
        );
        return ExitCode::from(2);
    };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime starts");
    let outcome = runtime.block_on(measure(&arguments));
    runtime.shutdown_timeout(Duration::from_secs(1));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(complaint) => {
            say(&format!("error: {complaint}"));
            ExitCode::from(1)
        }
    }
}

fn say(words: &str) {
    let _ = writeln!(std::io::stdout(), "{words}");
}

fn parse(words: &[String]) -> Option<Arguments> {
    let mut arguments = Arguments { seconds: 20, conversations: 64, rate: 0 };
    let mut words = words.iter().filter(|word| *word != "--bench");
    while let Some(word) = words.next() {
        let value: u64 = words.next()?.parse().ok()?;
        match word.as_str() {
            "--seconds" if (1..=LONGEST).contains(&value) => arguments.seconds = value,
            "--conversations" if (1..=4_096).contains(&value) => {
                arguments.conversations = usize::try_from(value).ok()?;
            }
            "--rate" if (1..=100_000).contains(&value) => arguments.rate = value,
            _ => return None,
        }
    }
    Some(arguments)
}

async fn measure(arguments: &Arguments) -> Result<(), String> {
    let home = tempfile::tempdir().map_err(|error| error.to_string())?;
    let program = program()?;
    say(&format!("program        {}", program.display()));
    // The demo trains in its own process; what is measured is a service that only serves.
    let (folder, started) = (home.path().join("home"), Instant::now());
    drop(Running::start(&program, "demo", &folder)?);
    say(&format!("home made      in {:.1} s, training included", started.elapsed().as_secs_f32()));
    let started = Instant::now();
    let service = Running::start(&program, "serve", &folder)?;
    say(&format!("serve ready    in {:.2} s", started.elapsed().as_secs_f32()));
    let address = service.address.clone();
    let mut customers = Vec::new();
    for _ in 0..arguments.conversations {
        customers.push(Customer::begin(&address).await.map_err(|error| error.to_string())?);
    }
    let go_on = Arc::new(AtomicBool::new(true));
    let begun = Instant::now();
    let talking: Vec<_> = customers
        .into_iter()
        .enumerate()
        .map(|(place, customer)| {
            tokio::spawn(customer.talk(place, Pace::new(arguments, begun, place), Arc::clone(&go_on)))
        })
        .collect();
    tokio::time::sleep(WARM_UP).await;
    let (before, used_before) = (scrape(&address).await?, service.cpu_seconds());
    tokio::time::sleep(Duration::from_secs(arguments.seconds)).await;
    let (after, used_after, resident) = (scrape(&address).await?, service.cpu_seconds(), service.resident_megabytes());
    go_on.store(false, Ordering::Relaxed);
    let mut times = Vec::new();
    for talk in talking {
        times.extend(talk.await.map_err(|error| error.to_string())??);
    }
    let window = WARM_UP..WARM_UP + Duration::from_secs(arguments.seconds);
    let mut latencies: Vec<Duration> =
        times.iter().filter(|(at, _)| window.contains(&at.duration_since(begun))).map(|(_, took)| *took).collect();
    latencies.sort();
    let messages = latencies.len() as f64;
    say(&format!(
        "conversations  {} at once, for {} s after {} s of warm-up",
        arguments.conversations,
        arguments.seconds,
        WARM_UP.as_secs()
    ));
    let asked =
        if arguments.rate == 0 { "as fast as answered".to_owned() } else { format!("{} asked", arguments.rate) };
    say(&format!("messages/s     {:.0} ({asked})", messages / arguments.seconds as f64));
    say(&format!(
        "latency        p50 {:.1} ms, p99 {:.1} ms, longest {:.1} ms",
        at(&latencies, 0.5),
        at(&latencies, 0.99),
        at(&latencies, 1.0)
    ));
    say(&format!("resident       {resident:.0} MB"));
    say(&format!(
        "CPU            {:.2} ms a message, {:.0} % of one core",
        (used_after - used_before) * 1e3 / messages,
        (used_after - used_before) * 100.0 / arguments.seconds as f64
    ));
    say("where the time goes, by the service's own clocks:");
    for (name, mean, count) in clocks(&before, &after) {
        say(&format!("  {mean:>8.2} ms  x {count:>8.0}  {name}"));
    }
    Ok(())
}

/// `FRONTDESK_BIN`, else a release `frontdesk` beside this benchmark, else the one built with it.
fn program() -> Result<PathBuf, String> {
    if let Some(named) = std::env::var_os("FRONTDESK_BIN") {
        let named = PathBuf::from(named);
        return if named.is_file() {
            Ok(named)
        } else {
            Err(format!("FRONTDESK_BIN names {}, which is no file", named.display()))
        };
    }
    let here = std::env::current_exe().map_err(|error| error.to_string())?;
    let sibling = here.ancestors().nth(2).map(|folder| folder.join("frontdesk")).filter(|path| path.is_file());
    Ok(sibling.unwrap_or_else(|| env!("CARGO_BIN_EXE_frontdesk-under-test").into()))
}

/// A running demo, stopped when it is dropped.
struct Running {
    child: Child,
    address: String,
}

impl Running {
    fn start(program: &Path, command: &str, home: &Path) -> Result<Self, String> {
        let child = Command::new(program)
            .args([command, "--port", "0", "--home"])
            .arg(home)
            .env("FRONTDESK_OWNER_PASSWORD", "a-password-for-the-benchmark")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("{} cannot be started: {error}", program.display()))?;
        let mut running = Self { child, address: String::new() };
        let stdout = running.child.stdout.take().ok_or("the program has no output")?;
        let (sender, addresses) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            use std::io::BufRead as _;
            for line in std::io::BufReader::new(stdout).lines().map_while(Result::ok) {
                let page = line.split_whitespace().find(|word| word.starts_with("http://") && word.ends_with("/demo"));
                if let Some(page) = page {
                    let _ = sender.send(page.trim_start_matches("http://").trim_end_matches("/demo").to_owned());
                }
            }
        });
        running.address = addresses.recv_timeout(START).map_err(|_| "the demo did not start in time")?;
        Ok(running)
    }

    fn file(&self, name: &str) -> String {
        std::fs::read_to_string(format!("/proc/{}/{name}", self.child.id())).unwrap_or_default()
    }

    /// User and system time of the process so far.
    fn cpu_seconds(&self) -> f64 {
        let stat = self.file("stat");
        let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        let ticks: f64 = fields.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<f64>().ok()).sum();
        ticks / 100.0
    }

    fn resident_megabytes(&self) -> f64 {
        let status = self.file("status");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok()).unwrap_or_default() / 1024.0
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One conversation over one kept-alive connection.
struct Customer {
    connection: Connection,
    path: String,
    token: String,
}

impl Customer {
    async fn begin(address: &str) -> std::io::Result<Self> {
        let mut connection = Connection::open(address).await?;
        let begun = connection
            .call(Request { method: "POST", path: "/v1/conversations", token: "", body: Some(&json!({})) })
            .await?;
        let begun: Value = serde_json::from_slice(&begun.1)?;
        let path = format!("/v1/conversations/{}/messages", begun["conversation_id"].as_str().unwrap_or_default());
        Ok(Self { connection, path, token: begun["token"].as_str().unwrap_or_default().to_owned() })
    }

    /// Talks until told to stop; says when each message was due and how long after that its answer came.
    async fn talk(
        mut self,
        place: usize,
        pace: Pace,
        go_on: Arc<AtomicBool>,
    ) -> Result<Vec<(Instant, Duration)>, String> {
        let mut times = Vec::new();
        for (number, text) in MESSAGES.iter().cycle().skip(place).enumerate() {
            if !go_on.load(Ordering::Relaxed) {
                break;
            }
            let body = json!({ "text": text, "client_message_id": number.to_string() });
            let due = pace.wait(number).await;
            let (status, body) = self
                .connection
                .call(Request { method: "POST", path: &self.path, token: &self.token, body: Some(&body) })
                .await
                .map_err(|error| error.to_string())?;
            if status != 200 {
                return Err(format!("a message was answered {status}: {}", String::from_utf8_lossy(&body)));
            }
            times.push((due, due.elapsed()));
        }
        Ok(times)
    }
}

/// When the messages of one conversation are due.
struct Pace {
    first: Instant,
    every: Duration,
}

impl Pace {
    fn new(arguments: &Arguments, begun: Instant, place: usize) -> Self {
        let every = arguments.conversations as f64 / arguments.rate.max(1) as f64;
        let every = if arguments.rate == 0 { 0.0 } else { every };
        let share = place as f64 / arguments.conversations as f64;
        Self { first: begun + Duration::from_secs_f64(every * share), every: Duration::from_secs_f64(every) }
    }

    /// Waits for a message's time. A late message counts from when it was due, so that a slow service cannot hide
    /// its delays by slowing down those who ask.
    async fn wait(&self, number: usize) -> Instant {
        if self.every.is_zero() {
            return Instant::now();
        }
        let due = self.first + self.every.mul_f64(number as f64);
        tokio::time::sleep_until(due.into()).await;
        due
    }
}

/// One request of this benchmark.
struct Request<'a> {
    method: &'a str,
    path: &'a str,
    token: &'a str,
    body: Option<&'a Value>,
}

/// The least HTTP that measures the service and not the client.
struct Connection {
    stream: BufReader<TcpStream>,
    host: String,
}

impl Connection {
    async fn open(address: &str) -> std::io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::new(stream), host: address.to_owned() })
    }

    async fn call(&mut self, request: Request<'_>) -> std::io::Result<(u16, Vec<u8>)> {
        let Request { method, path, token, body } = request;
        let body = body.map(Value::to_string).unwrap_or_default();
        let (host, length) = (&self.host, body.len());
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\n\r\n{body}"
        );
        self.stream.write_all(request.as_bytes()).await?;
        let mut line = String::new();
        self.stream.read_line(&mut line).await?;
        let status = line.split_whitespace().nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        let mut length = None;
        loop {
            line.clear();
            if self.stream.read_line(&mut line).await? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            if line.trim().is_empty() {
                break;
            }
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse::<usize>().ok();
            }
        }
        let length = length.ok_or_else(|| std::io::Error::other("the answer does not say its length"))?;
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).await?;
        Ok((status, body))
    }
}

async fn scrape(address: &str) -> Result<String, String> {
    let mut connection = Connection::open(address).await.map_err(|error| error.to_string())?;
    let (_, body) = connection
        .call(Request { method: "GET", path: "/metrics", token: "", body: None })
        .await
        .map_err(|error| error.to_string())?;
    Ok(String::from_utf8_lossy(&body).into_owned())
}

/// The mean, in milliseconds, and the count of every clock that ran between two scrapes.
fn clocks(before: &str, after: &str) -> Vec<(String, f64, f64)> {
    let value = |text: &str, name: &str| -> f64 {
        text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok()).unwrap_or_default()
    };
    let mut rows = Vec::new();
    for line in after.lines() {
        let Some((name, _)) = line.rsplit_once(' ') else { continue };
        let (base, labels) = name.split_once('{').map_or((name, ""), |(base, labels)| (base, labels));
        let Some(clock) = base.strip_suffix("_sum") else { continue };
        let count_name = if labels.is_empty() { format!("{clock}_count") } else { format!("{clock}_count{{{labels}") };
        let count = value(after, &count_name) - value(before, &count_name);
        let sum = value(after, name) - value(before, name);
        if count > 0.0 {
            rows.push((
                if labels.is_empty() { clock.to_owned() } else { format!("{clock}{{{labels}") },
                sum * 1e3 / count,
                count,
            ));
        }
    }
    rows.sort_by(|one, other| (other.1 * other.2).total_cmp(&(one.1 * one.2)));
    rows
}

/// The latency, in milliseconds, that this share of messages does not exceed.
fn at(sorted: &[Duration], share: f64) -> f64 {
    let place = ((sorted.len().saturating_sub(1)) as f64 * share).round() as usize;
    sorted.get(place).map_or(0.0, |took| took.as_secs_f64() * 1e3)
}
