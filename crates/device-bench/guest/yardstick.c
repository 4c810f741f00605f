/* The C decoders that ours are compared with, taking the same four arguments as the Rust functions. */
#include <stddef.h>
#include "zlib.h"
#include "lz4.h"
#include "minilzo.h"

/* A word copy with unaligned loads and stores, unrolled. */
struct word { unsigned value; } __attribute__((packed));

void *memcpy(void *restrict to, const void *restrict from, size_t len)
{
    unsigned char *out = to;
    const unsigned char *in = from;
    for (; len >= 16; len -= 16, in += 16, out += 16) {
        const struct word *source = (const struct word *)in;
        struct word *target = (struct word *)out;
        unsigned a = source[0].value, b = source[1].value, c = source[2].value, d = source[3].value;
        target[0].value = a;
        target[1].value = b;
        target[2].value = c;
        target[3].value = d;
    }
    for (; len >= 4; len -= 4, in += 4, out += 4)
        ((struct word *)out)->value = ((const struct word *)in)->value;
    while (len--)
        *out++ = *in++;
    return to;
}

void *memmove(void *to, const void *from, size_t len)
{
    unsigned char *out = to;
    const unsigned char *in = from;
    if (out <= in || out >= in + len)
        return memcpy(to, from, len);
    while (len--)
        out[len] = in[len];
    return to;
}

void *memset(void *to, int value, size_t len)
{
    unsigned char *out = to;
    while (len--)
        *out++ = (unsigned char)value;
    return to;
}

static unsigned char arena[64 * 1024] __attribute__((aligned(16)));
static size_t arena_used;

static voidpf arena_alloc(voidpf opaque, uInt items, uInt size)
{
    voidpf block = arena + arena_used;
    (void)opaque;
    arena_used += (items * size + 15u) & ~15u;
    return arena_used <= sizeof arena ? block : Z_NULL;
}

static void arena_free(voidpf opaque, voidpf block)
{
    (void)opaque;
    (void)block;
}

/* zlib needs these only if it is not given an allocator, but always links them. */
void *malloc(size_t size) { (void)size; return NULL; }
void free(void *block) { (void)block; }

static z_stream stream;

int c_set_up(void)
{
    stream.zalloc = arena_alloc;
    stream.zfree = arena_free;
    return inflateInit2(&stream, -15) != Z_OK;
}

unsigned c_state_size(void) { return (unsigned)arena_used; }

int c_zlib_inflate(const unsigned char *packed, unsigned len, unsigned char *out, unsigned room)
{
    inflateReset(&stream);
    stream.next_in = (unsigned char *)packed;
    stream.avail_in = len;
    stream.next_out = out;
    stream.avail_out = room;
    return !(inflate(&stream, Z_FINISH) == Z_STREAM_END && stream.avail_out == 0);
}

int c_lz4_safe(const unsigned char *packed, unsigned len, unsigned char *out, unsigned room)
{
    return LZ4_decompress_safe((const char *)packed, (char *)out, (int)len, (int)room) != (int)room;
}

int c_lzo1x_safe(const unsigned char *packed, unsigned len, unsigned char *out, unsigned room)
{
    lzo_uint written = room;
    return !(lzo1x_decompress_safe(packed, len, out, &written, NULL) == LZO_E_OK && written == room);
}

int c_memcpy(const unsigned char *packed, unsigned len, unsigned char *out, unsigned room)
{
    (void)len;
    memcpy(out, packed, room);
    return 0;
}
