/*
 * Writes sectors of a disc image to standard output:
 *
 *     example FILE FIRST COUNT
 *
 * All memory is taken with one call of malloc, and could as well be an array.
 */

#include <stdio.h>
#include <stdlib.h>

#include "sector_decode.h"

enum { SECTOR_SIZE = 2048 };

static int read_file(void *user, uint64_t offset, uint8_t *buf, size_t len)
{
    FILE *file = user;

    if (fseek(file, (long)offset, SEEK_SET) != 0)
        return 1;
    return fread(buf, 1, len, file) == len ? 0 : 2;
}

static int fail(const char *what, secdec_status status, const secdec_failure *failure)
{
    fprintf(stderr, "%s: %s (block %lu, byte %llu, code %d)\n", what, secdec_status_text(status),
            (unsigned long)failure->block, (unsigned long long)failure->offset, failure->code);
    return 1;
}

int main(int argc, char **argv)
{
    struct secdec_options options = { .read_ahead = 64 << 10 };
    struct secdec_failure failure = { 0 };
    struct secdec_source source = { .read = read_file };
    struct secdec_reader *reader;
    struct secdec_info info;
    secdec_status status;
    FILE *file;
    void *memory;
    long size;

    if (argc != 4) {
        fprintf(stderr, "usage: example FILE FIRST COUNT\n");
        return 2;
    }
    file = fopen(argv[1], "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) < 0) {
        perror(argv[1]);
        return 1;
    }
    source.user = file;
    source.file_size = (uint64_t)size;

    status = secdec_probe(&source, &options, &info);
    if (status != SECDEC_OK)
        return fail(argv[1], status, &failure);
    fprintf(stderr, "format %lu, %lu blocks of %lu bytes, image %llu bytes, memory %lu bytes\n",
            (unsigned long)info.format, (unsigned long)info.block_count, (unsigned long)info.block_size,
            (unsigned long long)info.image_size, (unsigned long)info.memory_size);

    memory = malloc(info.memory_size);
    if (memory == NULL)
        return fail(argv[1], SECDEC_TOO_LITTLE_MEMORY, &failure);
    status = secdec_open(&source, &options, memory, info.memory_size, &reader);
    if (status != SECDEC_OK)
        return fail(argv[1], status, &failure);

    uint64_t first = strtoull(argv[2], NULL, 10), count = strtoull(argv[3], NULL, 10);
    for (uint64_t sector = first; sector < first + count; sector++) {
        uint8_t bytes[SECTOR_SIZE];

        status = secdec_read(reader, sector * SECTOR_SIZE, bytes, sizeof bytes, &failure);
        if (status != SECDEC_OK)
            return fail(argv[1], status, &failure);
        fwrite(bytes, 1, sizeof bytes, stdout);
    }
    free(memory);
    fclose(file);
    return 0;
}
