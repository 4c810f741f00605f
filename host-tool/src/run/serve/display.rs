//! The screen on a thread of its own. A program that reads the output may be slow, and a terminal may be stopped.
//! Consoles do not wait for either.

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, channel, sync_channel};
use std::thread;
use std::time::Duration;

use super::events::Event;
use super::peers::Pace;
use super::screen::Screen;

/// How many messages wait for the screen; later ones are counted and left out.
const WAITING: usize = 1024;
/// How long the program waits for the last lines when it ends.
const LAST_LINES: Duration = Duration::from_secs(1);

enum Message {
    Event(Event),
    Paces(Vec<Pace>, Duration),
}

/// The server's side of the screen. When it is dropped, the screen gets a moment for what is still waiting.
pub(super) struct Display {
    /// `None` while it is dropped.
    screen: Option<SyncSender<Message>>,
    /// Ends with the thread.
    ended: Receiver<()>,
    /// Events that were left out since the last one that the screen has got.
    missed: u64,
}

impl Display {
    /// Starts the thread.
    ///
    /// # Errors
    ///
    /// When the system does not allow it.
    pub(super) fn start(mut screen: Screen) -> io::Result<Self> {
        let (sender, messages) = sync_channel(WAITING);
        let (end, ended) = channel();
        thread::Builder::new().name("screen".into()).spawn(move || {
            // Dropped with the thread.
            let _end = end;
            for message in messages {
                match message {
                    Message::Event(event) => screen.tell(&event),
                    Message::Paces(paces, span) => screen.draw(&paces, span),
                }
            }
        })?;
        Ok(Self { screen: Some(sender), ended, missed: 0 })
    }

    /// Prints one event, unless too many are waiting already.
    pub(super) fn tell(&mut self, event: Event) {
        if self.missed > 0 && self.send(Message::Event(Event::Missed { count: self.missed })) {
            self.missed = 0;
        }
        if self.missed > 0 || !self.send(Message::Event(event)) {
            self.missed += 1;
        }
    }

    /// Brings the live lines up to date. The next time replaces one that had to be left out.
    pub(super) fn draw(&self, paces: Vec<Pace>, span: Duration) {
        self.send(Message::Paces(paces, span));
    }

    fn send(&self, message: Message) -> bool {
        // Without a thread there is nobody to miss anything.
        let sent = self.screen.as_ref().map(|screen| screen.try_send(message));
        !matches!(sent, Some(Err(TrySendError::Full(_))))
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        self.screen = None;
        // Nothing is ever sent: this ends with the thread, or after the time.
        let _ = self.ended.recv_timeout(LAST_LINES);
    }
}
