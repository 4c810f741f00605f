//! The options of levels.

use clap::{ArgGroup, Args};

use crate::level::Level;

/// The level, as the ten flags that people know from other tools.
#[derive(Args, Clone, Copy, Debug, Default)]
#[command(group = ArgGroup::new("level").multiple(false))]
pub struct LevelArgs {
    /// Fastest
    #[arg(short = '1', group = "level", help_heading = "Levels")]
    level_1: bool,
    /// Level 2
    #[arg(short = '2', group = "level", hide = true)]
    level_2: bool,
    /// Level 3
    #[arg(short = '3', group = "level", hide = true)]
    level_3: bool,
    /// Level 4
    #[arg(short = '4', group = "level", hide = true)]
    level_4: bool,
    /// Level 5
    #[arg(short = '5', group = "level", hide = true)]
    level_5: bool,
    /// What is done without a level
    #[arg(short = '6', group = "level", help_heading = "Levels")]
    level_6: bool,
    /// Level 7
    #[arg(short = '7', group = "level", hide = true)]
    level_7: bool,
    /// Level 8
    #[arg(short = '8', group = "level", hide = true)]
    level_8: bool,
    /// Small; the table below has the levels between
    #[arg(short = '9', group = "level", help_heading = "Levels")]
    level_9: bool,
    /// Smallest, however long it takes
    #[arg(long, group = "level", help_heading = "Levels")]
    best: bool,
}

impl LevelArgs {
    /// Returns the level that was asked for, or the default.
    pub fn level(self) -> Level {
        let flags = [
            self.level_1,
            self.level_2,
            self.level_3,
            self.level_4,
            self.level_5,
            self.level_6,
            self.level_7,
            self.level_8,
            self.level_9,
        ];
        if self.best {
            return Level::Best;
        }
        (1..).zip(flags).find(|&(_, set)| set).and_then(|(number, _)| Level::new(number)).unwrap_or_default()
    }
}
