// The steps of RFC 1321: by how much each turns, and the sines of section 3.4.
const TURNS = [
  [7, 12, 17, 22],
  [5, 9, 14, 20],
  [4, 11, 16, 23],
  [6, 10, 15, 21],
].flatMap((four) => [...four, ...four, ...four, ...four]);
const SINES = Array.from({ length: 64 }, (_, step) => Math.floor(Math.abs(Math.sin(step + 1)) * 2 ** 32));

/** The MD5 of bytes (RFC 1321), which browsers do not compute: 16 bytes. As a checksum, never against a forger. */
export function md5(bytes: Uint8Array): Uint8Array {
  const padded = new DataView(new ArrayBuffer(Math.ceil((bytes.length + 9) / 64) * 64));
  new Uint8Array(padded.buffer).set(bytes);
  padded.setUint8(bytes.length, 0x80);
  padded.setUint32(padded.byteLength - 8, bytes.length * 8, true);
  padded.setUint32(padded.byteLength - 4, bytes.length / 2 ** 29, true);
  let [a0, b0, c0, d0] = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476];
  for (let block = 0; block < padded.byteLength; block += 64) {
    let [a, b, c, d] = [a0, b0, c0, d0];
    for (let step = 0; step < 64; step++) {
      const [mixed, word] = mix(step, b, c, d);
      const sum = (a + mixed + (SINES[step] ?? 0) + padded.getUint32(block + word * 4, true)) | 0;
      const turn = TURNS[step] ?? 0;
      [a, d, c, b] = [d, c, b, (b + ((sum << turn) | (sum >>> (32 - turn)))) | 0];
    }
    [a0, b0, c0, d0] = [(a0 + a) | 0, (b0 + b) | 0, (c0 + c) | 0, (d0 + d) | 0];
  }
  const digest = new DataView(new ArrayBuffer(16));
  for (const [at, word] of [a0, b0, c0, d0].entries()) {
    digest.setInt32(at * 4, word, true);
  }
  return new Uint8Array(digest.buffer);
}

/** What a step mixes, and the word of the block that it takes. */
function mix(step: number, b: number, c: number, d: number): [number, number] {
  if (step < 16) {
    return [(b & c) | (~b & d), step];
  }
  if (step < 32) {
    return [(d & b) | (~d & c), (5 * step + 1) % 16];
  }
  if (step < 48) {
    return [b ^ c ^ d, (3 * step + 5) % 16];
  }
  return [c ^ (b | ~d), (7 * step) % 16];
}
