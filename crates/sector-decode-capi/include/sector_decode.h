/*
 * sector_decode.h - random access to compressed PSP and PS2 disc images: CSO, CSO v2, ZSO, DAX, JSO.
 *
 * Made by cbindgen from the Rust sources of sector-decode-capi. Do not edit.
 *
 * The library never allocates, keeps no global state, and calls nothing but the read callback. Different readers
 * may be used by different threads at the same time; one reader by one thread at a time. No content of a file makes
 * it read or write outside of the memory that it was given: damage ends in a status.
 *
 * Built for a console, it takes five functions from the C library: memcpy, memmove, memset, memcmp and abort.
 */

#ifndef SECTOR_DECODE_H
#define SECTOR_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 How a call ended.
 */
typedef enum secdec_status {
  /*
   All that was asked for was done.
   */
  SECDEC_OK = 0,
  /*
   An argument breaks the contract of the function, as far as it can tell.
   */
  SECDEC_BAD_ARGUMENT = 1,
  /*
   The memory is smaller than needed.
   */
  SECDEC_TOO_LITTLE_MEMORY = 2,
  /*
   The read callback failed.
   */
  SECDEC_READ_FAILED = 3,
  /*
   The header is damaged, or of a kind that is not read.
   */
  SECDEC_BAD_HEADER = 4,
  /*
   A block, or its entry in the index, is damaged.
   */
  SECDEC_BAD_BLOCK = 5,
  /*
   The range is not inside the image.
   */
  SECDEC_OUT_OF_RANGE = 6,
  /*
   A mistake in the library, of which none is known.
   */
  SECDEC_INTERNAL = 7,
} secdec_status;

/*
 How the bytes of a block are packed.
 */
typedef enum secdec_coding {
  /*
   As they are in the image.
   */
  SECDEC_STORED = 0,
  /*
   Raw deflate stream.
   */
  SECDEC_DEFLATE = 1,
  /*
   Deflate stream with zlib header and Adler-32.
   */
  SECDEC_ZLIB = 2,
  /*
   Raw LZ4 block without a frame.
   */
  SECDEC_LZ4 = 3,
  /*
   LZO1X stream with its end mark.
   */
  SECDEC_LZO = 4,
} secdec_coding;

/*
 The format of a file.
 */
typedef enum secdec_format {
  /*
   A plain image.
   */
  SECDEC_ISO = 0,
  /*
   CSO, versions 0 and 1.
   */
  SECDEC_CSO = 1,
  /*
   CSO, version 2.
   */
  SECDEC_CSO2 = 2,
  /*
   ZSO.
   */
  SECDEC_ZSO = 3,
  /*
   DAX.
   */
  SECDEC_DAX = 4,
  /*
   JSO.
   */
  SECDEC_JSO = 5,
} secdec_format;

/*
 Tables for `secdec_decode_block`.
 */
typedef struct secdec_decoder secdec_decoder;

/*
 A reader of one image.
 */
typedef struct secdec_reader secdec_reader;

/*
 Where the bytes of the file come from.
 */
typedef struct secdec_source {
  /*
   Fills all of `buf` with the `len` bytes of the file from `offset` on, and returns 0; or returns anything else when
   it cannot. Never asked for bytes past `file_size`, nor for none. It must return, and must not use the reader that
   called it.
   */
  int (*read)(void *user, uint64_t offset, uint8_t *buf, size_t len);
  /*
   Handed to `read` as it is.
   */
  void *user;
  /*
   Length of the file in bytes.
   */
  uint64_t file_size;
} secdec_source;

/*
 How a reader works. All zero is a good beginning: pass NULL for that.
 */
typedef struct secdec_options {
  /*
   How many blocks the part of the index describes that is kept in memory; 0 for 1024.
   */
  uint32_t index_blocks;
  /*
   How many bytes of the file are fetched at once, at most, when reads follow each other; 0 for no more than each
   read needs.
   */
  size_t read_ahead;
  /*
   Whether one damaged entry makes all blocks unreadable whose entries are loaded with it. Without, a damaged entry is
   found when its block is read.
   */
  bool check_index;
} secdec_options;

/*
 What a file is.
 */
typedef struct secdec_info {
  /*
   The format: one of `secdec_format`.
   */
  uint32_t format;
  /*
   Bytes of the image in each block.
   */
  uint32_t block_size;
  /*
   Number of blocks.
   */
  uint32_t block_count;
  /*
   Size of the image in bytes.
   */
  uint64_t image_size;
  /*
   How much memory `secdec_open` needs, in bytes.
   */
  size_t memory_size;
} secdec_info;

/*
 Where reading failed.
 */
typedef struct secdec_failure {
  /*
   For `SECDEC_BAD_BLOCK` and `SECDEC_INTERNAL`: the number of the block. Otherwise 0.
   */
  uint32_t block;
  /*
   For `SECDEC_READ_FAILED` and `SECDEC_BAD_BLOCK`: where in the file. Otherwise 0.
   */
  uint64_t offset;
  /*
   For `SECDEC_READ_FAILED`: what the callback returned. Otherwise 0.
   */
  int code;
} secdec_failure;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/*
 Reads the header of a file.

 `source` must point to a source. `options` is NULL or points to options; `info->memory_size` depends on them.
 `*info` is written when the status is `SECDEC_OK`, and only then. Keeps no pointer.

 Returns `SECDEC_OK`, `SECDEC_BAD_ARGUMENT`, `SECDEC_READ_FAILED` or `SECDEC_BAD_HEADER`.

 # Safety

 The pointers are as said above, and `source->read` keeps its contract.
 */
enum secdec_status secdec_probe(const struct secdec_source *source,
                                const struct secdec_options *options,
                                struct secdec_info *info);

/*
 Makes a reader of an image.

 `source` must point to a source, which is copied; what `source->user` points to must live as long as the reader is
 used. `options` is NULL or points to options, the same as `secdec_probe` had. `memory` must point to `memory_size`
 bytes of any content and alignment, which belong to the reader from then on: until the reader is no longer used,
 nobody else may read or write them. There is nothing to close. `*reader` is written when the status is `SECDEC_OK`,
 and only then; it points into `memory`.

 Returns what `secdec_probe` returns, or `SECDEC_TOO_LITTLE_MEMORY`.

 # Safety

 The pointers are as said above, and `source->read` keeps its contract as long as the reader is used.
 */
enum secdec_status secdec_open(const struct secdec_source *source,
                               const struct secdec_options *options,
                               void *memory,
                               size_t memory_size,
                               struct secdec_reader **reader);

/*
 Reads `len` bytes of the image from `offset` on into `buf`.

 `reader` must come from `secdec_open`. `buf` must point to `len` bytes outside of the reader's memory; it may be NULL
 if `len` is 0. `failure` is NULL or is written when the status is not `SECDEC_OK`. All of `buf` is filled, or the call
 fails and its content is unspecified. After a failure the reader can be used as before.

 Returns `SECDEC_OK`, `SECDEC_BAD_ARGUMENT`, `SECDEC_READ_FAILED`, `SECDEC_BAD_BLOCK`, `SECDEC_OUT_OF_RANGE` or
 `SECDEC_INTERNAL`.

 # Safety

 The pointers are as said above, and no other call uses the reader at the same time.
 */
enum secdec_status secdec_read(struct secdec_reader *reader,
                               uint64_t offset,
                               void *buf,
                               size_t len,
                               struct secdec_failure *failure);

/*
 Returns how much memory `secdec_decoder_init` needs, in bytes: less than 8 KiB.
 */
size_t secdec_decoder_size(void);

/*
 Makes a decoder of single blocks.

 `memory` must point to `memory_size` bytes of any content and alignment, which belong to the decoder until it is no
 longer used. There is nothing to close. Returns the decoder, which is inside `memory`; or NULL when `memory` is NULL or
 `memory_size` is less than `secdec_decoder_size()`.

 # Safety

 The pointer is as said above.
 */
struct secdec_decoder *secdec_decoder_init(void *memory,
                                           size_t memory_size);

/*
 Decodes one block.

 `decoder` must come from `secdec_decoder_init`; it keeps nothing from one call to the next. `coding` is one of
 `secdec_coding`. `packed` must point to `packed_len` bytes, which begin with the block's packed bytes; what follows
 their end is ignored, except for LZO, where nothing may follow. `out` must point to `out_size` bytes, the room of a
 whole block, not overlapping with `packed`. At least `needed` bytes must come out, and no more than `out_size`:
 `needed` is `out_size` but for the last block of an image, which some writers fill up with zeros and others do not.
 What `out` holds is unspecified past `needed` bytes, and all of it after a failure.

 Returns `SECDEC_OK`, `SECDEC_BAD_ARGUMENT` or `SECDEC_BAD_BLOCK`.

 # Safety

 The pointers are as said above, and no other call uses the decoder at the same time.
 */
enum secdec_status secdec_decode_block(struct secdec_decoder *decoder,
                                       uint32_t coding,
                                       const void *packed,
                                       size_t packed_len,
                                       void *out,
                                       size_t out_size,
                                       size_t needed);

/*
 Returns what a status means, in English: a string that ends with 0 and lives for ever. Any number may be asked for.
 */
const char *secdec_status_text(uint32_t status);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* SECTOR_DECODE_H */
