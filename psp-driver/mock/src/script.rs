//! The script of calls to make in sequence, and the file of answers.
//!
//! Both consist of little-endian words. A step is 16 words and its input; an answer is 8 words and its
//! output. Input and output are padded to whole words.
//!
//! | word | of a step | of an answer |
//! |---|---|---|
//! | 0 | what to do | the same |
//! | 1 | `$k1` | `$v0` |
//! | 2 | eight words | `$v1` |
//! | 3 | | what the callee did not keep (abi.s) |
//! | 4 | | length of the output |
//! | 5 | | 1 when bytes beside the output were changed |
//! | 10 | length of the input | |
//! | 11 | length of the output | |
//! | 12 | which function | |
//!
//! The last step's first word is not 0 if another program follows this module.

use core::ffi::CStr;
use core::sync::atomic::Ordering::Relaxed;

use psp_module::sys::{cisorDriverGetCounters, cisorDriverGetImage, cisorDriverStatus};

use crate::file::File;
use crate::firmware::{COUNTS, IMAGE, SETTINGS};
use crate::loader::Loaded;
use crate::shared::Shared;
use crate::{arena, call, device};

/// The script contains something unknown, or a file cannot be read or written.
pub(crate) struct Broken;

/// The kinds of steps.
mod step {
    pub(crate) const END: u32 = 0;
    pub(crate) const IMAGE: u32 = 1;
    pub(crate) const LOAD: u32 = 2;
    pub(crate) const START: u32 = 3;
    pub(crate) const STOP: u32 = 4;
    pub(crate) const UNLOAD: u32 = 5;
    pub(crate) const ENTRY: u32 = 6;
    pub(crate) const LIBRARY: u32 = 7;
    pub(crate) const PRIVATE: u32 = 8;
    pub(crate) const SETTINGS: u32 = 9;
    pub(crate) const STATE: u32 = 10;
    pub(crate) const NOTED: u32 = 11;
}

/// Words that stand for addresses: the input, the output, the output by its kernel address, an empty text,
/// and, from the last one on, the descriptors.
const INPUT: u32 = 0xC150_0000;
const OUTPUT: u32 = 0xC150_0001;
const KERNEL_OUTPUT: u32 = 0xC150_0002;
const NO_NAME: u32 = 0xC150_0003;
const DESCRIPTOR: u32 = 0xC150_0010;

const STEP_LEN: usize = 64;
const MOST_INPUT: usize = 4096;
const MOST_OUTPUT: usize = 512 * 1024;
/// Bytes on both sides of the output that must not change, and the initial fill of all bytes.
const MARGIN: usize = 256;
const UNTOUCHED: u8 = 0xEE;

/// The input and the output of a step, which the driver gets pointers to.
#[repr(C, align(64))]
struct Buffers {
    input: [u8; MOST_INPUT],
    output: [u8; MARGIN + MOST_OUTPUT + 64 + MARGIN],
}

static BUFFERS: Shared<Buffers> =
    Shared::new(Buffers { input: [0; MOST_INPUT], output: [0; MARGIN + MOST_OUTPUT + 64 + MARGIN] });

struct Step {
    words: [u32; STEP_LEN / 4],
    input: &'static [u8],
    /// The output buffer with its margins.
    output: *mut u8,
    output_len: usize,
}

/// The result of a step.
#[derive(Default)]
struct Answer {
    values: [u32; 2],
    broken: u32,
}

impl From<i32> for Answer {
    fn from(code: i32) -> Self {
        Self { values: [code.cast_unsigned(), 0], broken: 0 }
    }
}

/// What follows the script.
pub(crate) enum Next {
    /// The program ends.
    Exit,
    /// Another program runs, with the modules that the script loaded.
    Stay,
}

/// Runs a script to its end.
pub(crate) fn run(script: &CStr, answers: &CStr) -> Result<Next, Broken> {
    let script = File::open(script).ok_or(Broken)?;
    let answers = File::create(answers).ok_or(Broken)?;
    device::register();
    let mut module = None;
    loop {
        let step = Step::read(&script)?;
        let answer = step.run(&mut module)?;
        let [what, ..] = step.words;
        let around = !step.margins_untouched();
        let output = step.output();
        let len = u32::try_from(output.len()).map_err(|_| Broken)?;
        let words = [what, answer.values[0], answer.values[1], answer.broken, len, around.into(), 0, 0];
        let written = words.into_iter().all(|word| answers.write(&word.to_le_bytes()))
            && answers.write(output)
            && answers.write(&[0; 3][..output.len().next_multiple_of(4) - output.len()]);
        if !written {
            return Err(Broken);
        }
        if what == step::END {
            return Ok(if step.words[2] == 0 { Next::Exit } else { Next::Stay });
        }
    }
}

impl Step {
    fn read(script: &File) -> Result<Self, Broken> {
        let mut bytes = [0; STEP_LEN];
        if !script.read(&mut bytes) {
            return Err(Broken);
        }
        let mut words = [0; STEP_LEN / 4];
        for (word, bytes) in words.iter_mut().zip(bytes.as_chunks().0) {
            *word = u32::from_le_bytes(*bytes);
        }
        let (input_len, output_len) = (words[10] as usize, words[11] as usize);
        if input_len > MOST_INPUT || output_len > MOST_OUTPUT {
            return Err(Broken);
        }
        // SAFETY: The only reference to the buffers' bytes, used up before the next step makes another.
        let buffers = unsafe { &mut *BUFFERS.as_ptr() };
        let padded = input_len.next_multiple_of(4).min(MOST_INPUT);
        if padded > 0 && !script.read(&mut buffers.input[..padded]) {
            return Err(Broken);
        }
        // So that an output can begin anywhere in a cache line.
        let begin = MARGIN + (words[13] as usize & 63);
        buffers.output[begin - MARGIN..begin + output_len + MARGIN].fill(UNTOUCHED);
        let output = buffers.output[begin..].as_mut_ptr();
        Ok(Self { words, input: &buffers.input[..input_len], output, output_len })
    }

    fn output(&self) -> &[u8] {
        // SAFETY: A part of the static buffer, without other references while a step is alive.
        unsafe { core::slice::from_raw_parts(self.output, self.output_len) }
    }

    /// Writes words to the output.
    fn put(&self, words: &[u32]) -> Result<(), Broken> {
        if words.len() * 4 != self.output_len {
            return Err(Broken);
        }
        for (number, word) in words.iter().enumerate() {
            let bytes = word.to_le_bytes();
            // SAFETY: Inside the output, by the check above.
            unsafe { self.output.add(number * 4).copy_from_nonoverlapping(bytes.as_ptr(), 4) };
        }
        Ok(())
    }

    fn margins_untouched(&self) -> bool {
        // SAFETY: The buffer has a margin before the output and one after it.
        let (before, behind) = unsafe {
            let before = core::slice::from_raw_parts(self.output.sub(MARGIN), MARGIN);
            (before, core::slice::from_raw_parts(self.output.add(self.output_len), MARGIN))
        };
        before.iter().chain(behind).all(|&byte| byte == UNTOUCHED)
    }

    /// The input as a text.
    fn text(&self) -> Result<&CStr, Broken> {
        CStr::from_bytes_until_nul(self.input).map_err(|_| Broken)
    }

    fn run(&self, module: &mut Option<Loaded>) -> Result<Answer, Broken> {
        let [what, k1, a, b, c, d, e, f, ..] = self.words;
        Ok(match what {
            step::END => Answer::default(),
            step::IMAGE => {
                let path = self.text()?.to_bytes_with_nul();
                IMAGE.with(|image| {
                    image.0 = [0; 256];
                    image.0.get_mut(..path.len()).map(|field| field.copy_from_slice(path)).ok_or(Broken)
                })?;
                Answer::default()
            }
            step::LOAD => match Loaded::load(self.text()?) {
                Ok((loaded, imports)) => {
                    *module = Some(loaded);
                    self.put(&[imports.ours, imports.emulators, imports.missing])?;
                    Answer::default()
                }
                Err(code) => code.into(),
            },
            step::START => module.ok_or(Broken)?.start(self.input).into(),
            step::STOP => module.ok_or(Broken)?.stop().into(),
            step::UNLOAD => module.take().ok_or(Broken)?.unload().into(),
            step::ENTRY => self.call(device::entry(self.words[12]).ok_or(Broken)?, k1)?,
            step::LIBRARY => {
                let functions = [
                    cisorDriverStatus as *const (),
                    cisorDriverGetImage as *const (),
                    cisorDriverGetCounters as *const (),
                ];
                let function = functions.get(self.words[12] as usize).ok_or(Broken)?;
                self.call(*function as usize, k1)?
            }
            step::PRIVATE => {
                let before = device::set_private(a, b).ok_or(Broken)?;
                Answer { values: [before, 0], broken: 0 }
            }
            step::SETTINGS => {
                SETTINGS.key_config.store(a, Relaxed);
                SETTINGS.application_type.store(b, Relaxed);
                SETTINGS.image_driver.store(c, Relaxed);
                SETTINGS.failing_reads.store(d, Relaxed);
                SETTINGS.short_reads.store(e, Relaxed);
                SETTINGS.failing_opens.store(f, Relaxed);
                Answer::default()
            }
            step::STATE => {
                let used = u32::try_from(arena::in_use()).map_err(|_| Broken)?;
                let [reads, opens, closes, stack] =
                    [&COUNTS.reads, &COUNTS.opens, &COUNTS.closes, &COUNTS.stack]
                        .map(|count| count.load(Relaxed));
                self.put(&[device::original_entries(), used, reads, opens, closes, stack])?;
                Answer::default()
            }
            step::NOTED => {
                let noted = device::NOTED.with(core::mem::take);
                self.put(&noted)?;
                Answer::default()
            }
            _ => return Err(Broken),
        })
    }

    /// Calls a function with the step's eight words, with addresses substituted.
    fn call(&self, function: usize, k1: u32) -> Result<Answer, Broken> {
        let mut words = [0; 8];
        for (word, &given) in words.iter_mut().zip(&self.words[2..10]) {
            *word = self.address(given)?;
        }
        // SAFETY: A function of the driver or of this module's device. Whether its words are right is what
        // the test checks.
        let call::Outcome { values, broken } = unsafe { call::call(function, k1, words) };
        Ok(Answer { values, broken })
    }

    /// The word as it is passed: an address where it stands for one.
    fn address(&self, word: u32) -> Result<u32, Broken> {
        let address = match word {
            INPUT => self.input.as_ptr().addr(),
            OUTPUT => self.output.addr(),
            KERNEL_OUTPUT => crate::shared::kernel_address(self.output.addr()),
            NO_NAME => c"".as_ptr().addr(),
            DESCRIPTOR..0xC150_0100 => device::descriptor(word - DESCRIPTOR).ok_or(Broken)?,
            _ => return Ok(word),
        };
        u32::try_from(address).map_err(|_| Broken)
    }
}
