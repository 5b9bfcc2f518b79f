/*
 * The memory of webp.wasm and avif.wasm: first fit, free neighbours joined, never more than was asked for by more than
 * 127 bytes a piece. (The C library's own rounds up to powers of two: 9 MB would take 16 of a picture's 30.) What cannot be
 * had is refused with NULL, so that the host's limit on the memory becomes "out of memory" and nothing worse.
 */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#define UNIT 64
#define PAGE 65536u

/* Before each piece; 64 bytes, so that pieces are aligned as dav1d wants them. */
typedef struct Block {
  size_t size; /* With this header. */
  struct Block *previous;
  int used;
  char padding[UNIT - 2 * sizeof(size_t) - sizeof(int)];
} Block;

extern unsigned char __heap_base;
static Block *first, *last;

static Block *next_of(Block *b) { return b == last ? NULL : (Block *)((char *)b + b->size); }

static char *memory_end(void) { return (char *)(__builtin_wasm_memory_size(0) * PAGE); }

/* Adds at least `size` bytes of free block at the end. */
static Block *extend(size_t size) {
  char *end = last ? (char *)last + last->size : (char *)(((size_t)&__heap_base + UNIT - 1) / UNIT * UNIT);
  size_t lacking = size;
  if (last && !last->used) lacking -= last->size;
  const size_t there = memory_end() - end;
  if (there < lacking && __builtin_wasm_memory_grow(0, (lacking - there + PAGE - 1) / PAGE) == (size_t)-1) return NULL;
  const size_t gained = (memory_end() - end) / UNIT * UNIT;
  if (last && !last->used) {
    last->size += gained;
    return last;
  }
  Block *b = (Block *)end;
  b->size = gained;
  b->previous = last;
  b->used = 0;
  if (!first) first = b;
  return last = b;
}

void *codec_malloc(size_t bytes) {
  if (bytes > 0x7fffffff) return NULL;
  const size_t size = (bytes + UNIT - 1) / UNIT * UNIT + UNIT;
  Block *b = first;
  while (b && (b->used || b->size < size)) b = next_of(b);
  if (!b) b = extend(size);
  if (!b) return NULL;
  if (b->size >= size + 2 * UNIT) {
    Block *rest = (Block *)((char *)b + size), *after = next_of(b);
    rest->size = b->size - size;
    rest->previous = b;
    rest->used = 0;
    if (after) after->previous = rest;
    else last = rest;
    b->size = size;
  }
  b->used = 1;
  return b + 1;
}

/* Joins `b` with its successor. */
static void join(Block *b) {
  Block *next = next_of(b), *after = next_of(next);
  b->size += next->size;
  if (after) after->previous = b;
  else last = b;
}

void codec_free(void *piece) {
  if (!piece) return;
  Block *b = (Block *)piece - 1, *next = next_of(b);
  b->used = 0;
  if (next && !next->used) join(b);
  if (b->previous && !b->previous->used) join(b->previous);
}

void *codec_calloc(size_t count, size_t bytes) {
  if (bytes && count > 0x7fffffff / bytes) return NULL;
  void *piece = codec_malloc(count * bytes);
  if (piece) memset(piece, 0, count * bytes);
  return piece;
}

void *codec_realloc(void *piece, size_t bytes) {
  void *moved = codec_malloc(bytes);
  if (!moved || !piece) return moved;
  const size_t had = ((Block *)piece - 1)->size - UNIT;
  memcpy(moved, piece, had < bytes ? had : bytes);
  codec_free(piece);
  return moved;
}

int codec_posix_memalign(void **out, size_t alignment, size_t bytes) {
  if (alignment > UNIT) return EINVAL;
  *out = codec_malloc(bytes);
  return *out ? 0 : ENOMEM;
}
