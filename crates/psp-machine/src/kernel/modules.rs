//! Modules that can be found by name.

/// Names and the addresses of their module structures.
#[derive(Debug, Default)]
pub struct Modules {
    /// In the order they were loaded.
    pub loaded: Vec<(String, u32)>,
}

impl Modules {
    /// The module structure of a module.
    pub fn find(&self, name: &str) -> Option<u32> {
        self.loaded.iter().find(|(loaded, _)| loaded == name).map(|&(_, address)| address)
    }
}
