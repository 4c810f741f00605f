/*
 * Reads a part of a disc image without a C library and without malloc: all memory is one static array.
 *
 * The file is an array too. On a console, `read_file` would be a call of the system.
 */

#include "sector_decode.h"

enum { MEMORY_SIZE = 256 << 10 };

struct request {
    const uint8_t *file;
    size_t file_size;
    uint64_t offset;
    uint8_t *out;
    size_t len;
};

static uint8_t memory[MEMORY_SIZE];

static int read_file(void *user, uint64_t offset, uint8_t *buf, size_t len)
{
    const struct request *request = user;

    for (size_t at = 0; at < len; at++)
        buf[at] = request->file[offset + at];
    return 0;
}

/* Fills `out` with `len` bytes of the image from `offset` on, and returns how that went. */
secdec_status read_image(struct request *request)
{
    struct secdec_source source = { .read = read_file, .user = request, .file_size = request->file_size };
    struct secdec_reader *reader;
    secdec_status status;

    status = secdec_open(&source, NULL, memory, sizeof memory, &reader);
    if (status != SECDEC_OK)
        return status;
    return secdec_read(reader, request->offset, request->out, request->len, NULL);
}
