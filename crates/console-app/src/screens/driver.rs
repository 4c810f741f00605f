//! The driver's screen.

use crate::driver::{self, Status, System};
use crate::failure::Failure;
use crate::platform::Button;
use crate::screens::pages::{change_page, driver_page};
use crate::screens::{Next, Screens};

/// While the driver is active, its counters are read once a second. This does not access the card.
const ASK_EVERY: u64 = 1_000_000;

impl Screens<'_> {
    pub(super) fn driver(&mut self) -> Next {
        let mut chosen = None;
        let mut status = driver::status_of(self.console, chosen);
        loop {
            self.show(&driver_page(&status));
            let Some(button) = self.wait_while_serving(&mut status) else { continue };
            let change = match button {
                Button::Home => return Next::Leave,
                Button::Circle => return Next::Back,
                Button::Left | Button::Right => {
                    chosen = Some(neighbour(chosen.or_else(|| status.as_ref().ok()?.system), button));
                    status = driver::status_of(self.console, chosen);
                    continue;
                }
                Button::Triangle => {
                    status = driver::status_of(self.console, chosen);
                    continue;
                }
                Button::Cross => driver::install(self.console, chosen),
                Button::Square => driver::remove(self.console, chosen),
                Button::Up | Button::Down => continue,
            };
            if self.wait(&change_page(&change)) == Next::Leave {
                return Next::Leave;
            }
            status = driver::status_of(self.console, chosen);
        }
    }

    /// Waits for a button. `None` when none was pressed, and the counters of a loaded driver were refreshed.
    fn wait_while_serving(&self, status: &mut Result<Status, Failure>) -> Option<Button> {
        match status {
            Ok(status) if status.live.is_some() => {
                let button = self.console.wait_button_for(ASK_EVERY);
                if button.is_none() {
                    status.live = self.console.driver();
                }
                button
            }
            _ => Some(self.console.wait_button()),
        }
    }
}

/// The firmware before (Left) or after (Right) another one; the list wraps around. Without another one, the
/// last or the first.
fn neighbour(system: Option<System>, button: Button) -> System {
    let (all, len) = (System::ALL, System::ALL.len());
    let at = system.and_then(|system| all.iter().position(|one| *one == system));
    match (at, button) {
        (Some(at), Button::Left) => all[(at + len - 1) % len],
        (Some(at), _) => all[(at + 1) % len],
        (None, Button::Left) => all[len - 1],
        (None, _) => all[0],
    }
}
