//! A mail server in the test's own process.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use roster_server::MessageSettings;
use roster_server::mail::{Senders, Smtp};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// What the server says of a mail: that it takes it, if it says nothing else.
const TAKEN: &str = "250 taken";

/// A mail server that keeps what it is given.
pub struct MailServer {
    address: SocketAddr,
    /// What it says of the next mails.
    answers: Arc<Mutex<VecDeque<&'static str>>>,
    attempts: UnboundedReceiver<String>,
}

impl MailServer {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, attempts) = unbounded_channel();
        let answers = Arc::new(Mutex::new(VecDeque::new()));
        let known = Arc::clone(&answers);
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(converse(socket, Arc::clone(&known), sender.clone()));
            }
        });
        Self { address, answers, attempts }
    }

    /// Says this of the next mail instead of taking it.
    pub fn answer_next(&self, answer: &'static str) {
        self.answers.lock().push_back(answer);
    }

    /// The settings of a server that delivers its mails here.
    pub fn settings(&self) -> MessageSettings {
        let smtp = Smtp::new(&format!("smtp://{}", self.address), "Roster <roster@example.com>").unwrap();
        MessageSettings { senders: Senders { email: Some(Arc::new(smtp)), phone: None }, show_mailbox: true }
    }

    /// The next mail that somebody tries to deliver here.
    pub async fn next(&mut self) -> String {
        let next = tokio::time::timeout(Duration::from_secs(20), self.attempts.recv()).await;
        next.unwrap_or_else(|_| panic!("nobody tries to deliver a mail")).unwrap()
    }

    /// Whether nobody has tried to deliver one since.
    pub fn is_idle(&mut self) -> bool {
        self.attempts.try_recv().is_err()
    }
}

async fn converse(socket: TcpStream, answers: Arc<Mutex<VecDeque<&'static str>>>, attempts: UnboundedSender<String>) {
    let (reader, mut writer) = socket.into_split();
    let mut lines = BufReader::new(reader).lines();
    writer.write_all(b"220 test\r\n").await.unwrap();
    while let Ok(Some(line)) = lines.next_line().await {
        let reply = match line.to_ascii_uppercase().split(' ').next().unwrap() {
            "DATA" => {
                writer.write_all(b"354 go on\r\n").await.unwrap();
                let mut mail = String::new();
                while let Ok(Some(line)) = lines.next_line().await {
                    if line == "." {
                        break;
                    }
                    mail.push_str(&line);
                    mail.push('\n');
                }
                let answer = answers.lock().pop_front().unwrap_or(TAKEN);
                writer.write_all(format!("{answer}\r\n").as_bytes()).await.unwrap();
                let _ = attempts.send(mail);
                continue;
            }
            "QUIT" => break,
            _ => "250 fine\r\n",
        };
        if writer.write_all(reply.as_bytes()).await.is_err() {
            break;
        }
    }
}
