//! Events while consoles are served: lines for people, or JSON objects.

use std::io::Write;
use std::net::Ipv4Addr;
use std::sync::mpsc::{Receiver, Sender, channel};

use serde::Serialize;

use crate::human;

/// Something that happened.
#[derive(Clone, Debug, Serialize, PartialEq)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(super) enum Event {
    /// Consoles can connect.
    Listening {
        /// The address at which consoles reach this computer, as far as it knows.
        address: Ipv4Addr,
        /// All of its addresses.
        addresses: Vec<Ipv4Addr>,
        port: u16,
        folder: String,
        writable: bool,
        /// Numbers of images by extension.
        images: std::collections::BTreeMap<String, u64>,
    },
    /// A console connected for the first time.
    Console { console: Ipv4Addr },
    /// A console restarted, or its next program took over.
    Session { console: Ipv4Addr },
    /// A console opened a file.
    Opened { console: Ipv4Addr, file: String, title: Option<String> },
    /// A console was refused something.
    Refused { console: Ipv4Addr, message: String },
    /// A file or block cannot be read. Reported once for each.
    Trouble { file: String, message: String, block: Option<u32> },
    /// How fast a console reads, reported once a second while it does.
    Progress { console: Ipv4Addr, file: String, bytes_per_second: u64, packets: u64, resent: u64 },
    /// No console has connected within a minute.
    Silence { message: String },
    /// So many events were left out, because the output was not read fast enough.
    Missed { count: u64 },
}

impl Event {
    /// Whether the event is only for verbose output.
    pub(super) fn is_detail(&self) -> bool {
        matches!(self, Self::Session { .. })
    }

    /// Returns the line for people; `None` if the live line shows it.
    pub(super) fn line(&self) -> Option<String> {
        Some(match self {
            Self::Listening { .. } | Self::Progress { .. } => return None,
            Self::Console { console } => format!("{console}: found this server"),
            Self::Session { console } => format!("{console}: new session"),
            Self::Opened { console, file, title: Some(title) } => {
                format!("{console}: opened {file} ({title})")
            }
            Self::Opened { console, file, title: None } => format!("{console}: opened {file}"),
            Self::Refused { console, message } => format!("{console}: {message}"),
            Self::Trouble { file, message, .. } => format!("{file}: {message}"),
            Self::Silence { message } => message.clone(),
            Self::Missed { count } => {
                format!(
                    "{} left out: the output was not read",
                    human::count(*count, "line was", "lines were")
                )
            }
        })
    }

    /// Writes the event as one line of JSON on standard output. A closed pipe is not an error.
    pub(super) fn print_json(&self) {
        #[derive(Serialize)]
        struct Line<'a> {
            schema: u32,
            verb: &'a str,
            #[serde(flatten)]
            event: &'a Event,
        }
        let line = Line { schema: 1, verb: "serve", event: self };
        let text = serde_json::to_string(&line).unwrap_or_default();
        let mut out = std::io::stdout().lock();
        let _ = writeln!(out, "{text}").and_then(|()| out.flush());
    }
}

/// Accepts events from any thread.
#[derive(Clone, Debug)]
pub(super) struct Events(Sender<Event>);

impl Events {
    /// Creates both ends.
    pub(super) fn new() -> (Self, Receiver<Event>) {
        let (sender, receiver) = channel();
        (Self(sender), receiver)
    }

    pub(super) fn send(&self, event: Event) {
        // The receiver is only gone when the program ends.
        let _ = self.0.send(event);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_have_their_name_in_json() {
        let event = Event::Trouble { file: "a.zso".into(), message: "block 3".into(), block: Some(3) };
        let text = serde_json::to_string(&event).unwrap();
        assert_eq!(text, r#"{"event":"trouble","file":"a.zso","message":"block 3","block":3}"#);
    }
}
