//! Module info, imports and exports, read from a relocated image.

use super::{PrxError, half, word};

/// Number of `module_start` among the nameless exports.
pub const MODULE_START: u32 = 0xD632_ACDB;
/// Number of `module_stop`.
pub const MODULE_STOP: u32 = 0xCEE8_593C;

/// A module's own description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModuleInfo {
    /// 0x1000 is a kernel module.
    pub attribute: u16,
    /// Its name.
    pub name: String,
    /// The value of $gp in its code.
    pub gp: u32,
    /// Its imports.
    pub imports: Vec<Import>,
    /// Its exports.
    pub exports: Vec<Export>,
}

/// A function that a module imports from the kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// The library that exports it.
    pub library: String,
    /// The required version of the library.
    pub version: u16,
    /// Attribute of the library's stubs; 8 is weak.
    pub attribute: u16,
    /// Its number in that library.
    pub nid: u32,
    /// Address of its two words: the first becomes the jump, the second is the jump's delay slot.
    pub stub: u32,
}

/// A function or variable that a module exports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// The library; `None` for the module's own entry points.
    pub library: Option<String>,
    /// Attribute of the library.
    pub attribute: u16,
    /// Its number in that library.
    pub nid: u32,
    /// Its address.
    pub address: u32,
    /// Whether it is a function.
    pub function: bool,
}

impl ModuleInfo {
    /// Reads everything from an image that was relocated to `base`; `info` is the offset of the module
    /// info.
    ///
    /// # Errors
    ///
    /// When a table points outside the image.
    pub fn read(image: &[u8], base: u32, info: u32) -> Result<Self, PrxError> {
        let view = View { image, base };
        let field = |at| view.word(base.wrapping_add(info).wrapping_add(at));
        let name = image.get(info as usize + 4..info as usize + 31).ok_or(OUTSIDE)?;
        let name = name.split(|&byte| byte == 0).next().unwrap_or_default();
        Ok(Self {
            attribute: half(image, info as usize).ok_or(OUTSIDE)?,
            name: String::from_utf8_lossy(name).into_owned(),
            gp: field(0x20)?,
            exports: view.exports(field(0x24)?, field(0x28)?)?,
            imports: view.imports(field(0x2C)?, field(0x30)?)?,
        })
    }

    /// The module's own entry point with this number.
    pub fn entry(&self, nid: u32) -> Option<u32> {
        self.exports.iter().find(|e| e.library.is_none() && e.nid == nid && e.function).map(|e| e.address)
    }

    /// A function of a library that the module exports.
    pub fn function(&self, library: &str, nid: u32) -> Option<u32> {
        self.exports
            .iter()
            .find(|e| e.library.as_deref() == Some(library) && e.nid == nid && e.function)
            .map(|e| e.address)
    }
}

const OUTSIDE: PrxError = PrxError::Truncated { what: "export or import tables" };

/// A relocated image, accessed by address.
struct View<'i> {
    image: &'i [u8],
    base: u32,
}

impl View<'_> {
    fn at(&self, address: u32) -> Result<usize, PrxError> {
        Ok(address.checked_sub(self.base).ok_or(OUTSIDE)? as usize)
    }

    fn word(&self, address: u32) -> Result<u32, PrxError> {
        word(self.image, self.at(address)?).ok_or(OUTSIDE)
    }

    fn half(&self, address: u32) -> Result<u16, PrxError> {
        half(self.image, self.at(address)?).ok_or(OUTSIDE)
    }

    fn string(&self, address: u32) -> Result<String, PrxError> {
        let rest = self.image.get(self.at(address)?..).ok_or(OUTSIDE)?;
        let text = rest.split(|&byte| byte == 0).next().unwrap_or_default();
        Ok(String::from_utf8_lossy(text).into_owned())
    }

    fn exports(&self, top: u32, end: u32) -> Result<Vec<Export>, PrxError> {
        let mut all = Vec::new();
        let mut entry = top;
        while entry < end {
            let name = self.word(entry)?;
            let library = if name == 0 { None } else { Some(self.string(name)?) };
            let attribute = self.half(entry + 6)?;
            let counts = self.word(entry + 8)?;
            let words = self.entry_words(counts, 4)?;
            let (variables, functions) = (counts >> 8 & 0xFF, counts >> 16);
            let table = self.word(entry + 12)?;
            // All numbers come first, then all addresses; in both, functions precede variables.
            let total = functions + variables;
            for at in 0..total {
                all.push(Export {
                    library: library.clone(),
                    attribute,
                    nid: self.word(table + at * 4)?,
                    address: self.word(table + (total + at) * 4)?,
                    function: at < functions,
                });
            }
            entry += words * 4;
        }
        Ok(all)
    }

    fn imports(&self, top: u32, end: u32) -> Result<Vec<Import>, PrxError> {
        let mut all = Vec::new();
        let mut entry = top;
        while entry < end {
            let library = self.string(self.word(entry)?)?;
            let (version, attribute) = (self.half(entry + 4)?, self.half(entry + 6)?);
            let counts = self.word(entry + 8)?;
            let words = self.entry_words(counts, 5)?;
            let (nids, stubs) = (self.word(entry + 12)?, self.word(entry + 16)?);
            for at in 0..counts >> 16 {
                let nid = self.word(nids + at * 4)?;
                self.word(stubs + at * 8 + 4)?;
                let stub = stubs + at * 8;
                all.push(Import { library: library.clone(), version, attribute, nid, stub });
            }
            entry += words * 4;
        }
        Ok(all)
    }

    fn entry_words(&self, counts: u32, least: u32) -> Result<u32, PrxError> {
        let words = counts & 0xFF;
        if words < least {
            Err(PrxError::Field { what: "length of a library entry", got: words })
        } else {
            Ok(words)
        }
    }
}
