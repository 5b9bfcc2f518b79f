// @ts-nocheck AssemblyScript
/** Where things lie in the kernel's memory. `../../memory.ts` holds the same numbers, and fills what is marked "host". */

/** Component pointers of the current scan, u32 each; host. */
export const SCAN: usize = 64
/** Up to four components of 128 bytes; host, but for the DC prediction. */
export const COMPONENTS: usize = 1024
export const COMPONENT_BYTES: usize = 128
/** Zigzag index to index in a block of n × n, for n = 1, 2, 4, 8; n * n for what is dropped. u8, 64 each; host. */
export const PLACES: usize = 2048
/** A DHT table: 16 counts, then up to 256 symbols; host. */
export const SCRATCH: usize = 2304
/** One block of coefficients, i16, and one more for what is dropped. */
export const BLOCK: usize = 3072
/** Intermediate results of the inverse DCT, i32 8 × 8. */
export const WORK: usize = 3328
/** Eight Huffman tables: DC 0 to 3, AC 0 to 3. */
export const HUFFMAN: usize = 8192
export const HUFFMAN_BYTES: usize = 1536
/** Compressed bytes, as `refill` brings them; host. */
export const INPUT: usize = 20480

/** Fields of a component, u32 each. */
export const H: usize = 0
export const V: usize = 4
/** Side of a decoded block: 8 at full scale. */
export const N: usize = 8
/** Blocks a line as stored, a whole number of MCUs. */
export const LINE_BLOCKS: usize = 12
/** Blocks across and down that the picture needs: what a scan of this component alone holds. */
export const BLOCKS_X: usize = 16
export const BLOCKS_Y: usize = 20
/** Coefficients, i16 n * n a block, where they are held. */
export const COEFFICIENTS: usize = 24
/** A ring of decoded rows, two MCU rows high; bytes. */
export const SAMPLES: usize = 28
export const STRIDE: usize = 32
export const RING_ROWS: usize = 36
/** Dequantisation factors, i32 n * n. */
export const QUANT: usize = 40
export const DC_TABLE: usize = 44
export const AC_TABLE: usize = 48
export const PREDICTION: usize = 52
/** Samples across and down that the picture needs. */
export const SAMPLES_X: usize = 56
export const SAMPLES_Y: usize = 60
/** How it is brought to the picture's size: one of the UP constants. */
export const UPSAMPLE: usize = 64
/** One bit a coefficient: known to be other than zero. u64 a block, where coefficients are held and n < 8. */
export const SIGNIFICANT: usize = 68
/** This component's part of PLACES. */
export const PLACE: usize = 72
/** A row brought to the picture's width; bytes. */
export const UP_ROW: usize = 76
/** Pixel x of the picture begins at sample x * X_NUM / X_DEN of the component; the same downwards. */
export const X_NUM: usize = 80
export const X_DEN: usize = 84
export const Y_NUM: usize = 88
export const Y_DEN: usize = 92

export const UP_NONE: u32 = 0
export const UP_H2V1: u32 = 1
export const UP_H2V2: u32 = 2
export const UP_H1V2: u32 = 3
export const UP_BOX: u32 = 4
